/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Probe declarations become concrete probes: wildcards and aliases are expanded along the match
 * tree until a probe family is reached, which says where the point fires. Each such place gives
 * one struct probe_build with the bodies of all aliases on the way, nested around the probe's own.
 */
#include "semantic.h"

#define MAX_ALIAS_DEPTH 500 /* keeps the recursion over hostile scripts off the end of the stack */
#define MAX_ALIAS_USES 50000 /* of one probe: ten times what stands in the library */

/* the aliases gone through, innermost first */
struct alias_frame {
	const struct alias_entry *entry;
	const struct alias_frame *outer;
	unsigned depth;
};
/* arming conditions gathered on the way */
struct condition_frame {
	struct condition_part part;
	const struct condition_frame *outer;
};

/* one point being expanded */
struct expansion {
	struct semantics *sem;
	struct unit *unit;			/* of the declaration */
	const struct probe_declaration *declaration;
	size_t produced;
	/* where the walk got furthest, for the message when nothing matches */
	const struct match_node *far_node;
	size_t far_position;
	const char *reason;			/* why the last optional point was passed over */
	bool is_forbidden;			/* by --privilege, whatever was found */
	size_t alias_uses;
	const struct alias_entry *exhausted_at;	/* the one that was too many */
};
/* the walk's state: what to look for next, and how it came here */
struct walk {
	struct expansion *x;
	struct unit *unit;			/* where the point was written */
	const struct probe_point *point;	/* wildcards replaced so far */
	const struct alias_frame *frames;
	const struct condition_frame *conditions;
	const char *alias_text;			/* NULL until an alias was gone through */
	/* gone through an alias with wildcards behind its name: until they are replaced, … */
	const struct probe_point *named;	/* … the point that named it */
	size_t named_length, inner_length;	/* components of that name, and of what it stands for */
};

static void expand_points(struct walk *walk, const point_array *points, size_t suffix);
static size_t walk_node(struct walk *walk, const struct match_node *node, size_t position);

/* ---- at a family ---- */

struct family_emit {
	struct walk *walk;
	const struct family *family;
};

static void build_add_segments(struct semantics *sem, struct probe_build *build,
			       const struct alias_frame *frames, const struct body_segment *own)
{
	const struct alias_frame *frame;
	struct body_segment segment;

	for (frame = frames; frame; frame = frame->outer) {
		const struct probe_declaration *alias = frame->entry->alias;

		segment = (struct body_segment){ alias->body, frame->entry->unit, true };
		if (segment.body && !alias->is_epilogue)
			array_push(sem->arena, &build->segments, segment);
	}
	array_push(sem->arena, &build->segments, *own);
}

/* outermost epilogue first: the frames are listed from the inside, so recurse */
static void build_add_epilogues(struct semantics *sem, struct probe_build *build,
				const struct alias_frame *frame)
{
	const struct probe_declaration *alias;
	struct body_segment segment;

	if (!frame)
		return;
	alias = frame->entry->alias;
	build_add_epilogues(sem, build, frame->outer);
	segment = (struct body_segment){ alias->is_epilogue ? alias->body : alias->epilogue,
					 frame->entry->unit, true };
	if (segment.body)
		array_push(sem->arena, &build->segments, segment);
}

static void build_add_conditions(struct semantics *sem, struct probe_build *build,
				 const struct condition_frame *frame)
{
	for (; frame; frame = frame->outer)
		array_push(sem->arena, &build->conditions, frame->part);
}

/*
 * what pn() says: the alias that was named; of `oneshot`, which is another word for begin, that
 * word
 */
static const char *probe_alias_text(const struct walk *walk, const struct probe *probe)
{
	const char *written = walk->point->components.items[0].name;

	if (walk->alias_text)
		return walk->alias_text;
	return strcmp(written, probe->point->components.items[0].name) == 0 ?
		       probe->point_text : point_text(walk->x->sem->arena, walk->point);
}

static struct probe *probe_new(const struct walk *walk, const struct family *family,
			       const struct probe_point *point)
{
	struct arena *arena = walk->x->sem->arena;
	struct probe *probe = arena_new_object(arena, struct probe);
	struct probe_point *bare = point_copy(arena, point);

	bare->optional = bare->sufficient = false;
	bare->condition = NULL;
	probe->family = family;
	probe->point = bare;
	probe->point_text = point_text(arena, bare);
	probe->alias_text = probe_alias_text(walk, probe);
	probe->token = walk->x->declaration->token;
	return probe;
}

static void family_emit_probe(struct family_match *match, const struct probe_point *point,
			      struct site *site, void *data)
{
	struct family_emit *emit = match->owner;
	struct expansion *x = emit->walk->x;
	struct semantics *sem = x->sem;
	struct probe_build *build = arena_new_object(sem->arena, struct probe_build);
	struct body_segment own = { x->declaration->body, x->unit, false };

	build->unit = x->unit;
	build->probe = probe_new(emit->walk, emit->family, point);
	build->probe->data = data;
	if (site) {
		site->family = emit->family;
		array_push(sem->arena, &build->probe->sites, site);
	}
	build_add_segments(sem, build, emit->walk->frames, &own);
	build_add_epilogues(sem, build, emit->walk->frames);
	build_add_conditions(sem, build, emit->walk->conditions);
	array_push(sem->arena, &sem->builds, build);
	match->emitted++;
	x->produced++;
}

static size_t expand_family(struct walk *walk, const struct family_row *row)
{
	struct family_emit emit = { walk, row->family };
	struct frontend *frontend = walk->x->sem->frontend;
	struct family_match match = {
		.frontend = frontend,
		.arena = walk->x->sem->arena,
		.backend = row->backend,
		.point = walk->point,
		.emit = family_emit_probe,
		.owner = &emit,
	};
	struct diag_mark mark = diag_mark(frontend);
	int result;

	if (!privilege_allows_family(frontend, row->family)) {
		diag_error(frontend, walk->point->token,
			   "probe point '%s' is not allowed for --privilege=%s",
			   point_text(walk->x->sem->arena, walk->point),
			   privilege_name(frontend->options.privilege));
		walk->x->is_forbidden = true;
		return 0;
	}
	result = row->family->resolve(&match);
	if (result < 0 && walk->frames && frontend->error_count > mark.errors)
		diag_also(frontend, frontend->diags.count - 1, walk->x->declaration->token,
			  "the point comes from this probe");
	if (result < 0 && frontend->error_count == mark.errors)
		diag_error(frontend, walk->point->token, "cannot resolve probe point '%s': %s",
			   point_text(walk->x->sem->arena, walk->point), strerror(-result));
	return match.emitted;
}

/* ---- at an alias ---- */

static bool alias_is_open(const struct alias_frame *frame, const struct alias_entry *entry)
{
	for (; frame; frame = frame->outer)
		if (frame->entry->alias == entry->alias)
			return true;
	return false;
}

/*
 * Does a shorter alias serve the point? Then `probe x.return = x.return {…}` adds to what
 * `probe x = …` gives x.return, and is no circle.
 */
static bool shorter_alias_serves(const struct walk *walk)
{
	const struct match_node *node = walk->x->sem->tree;

	for (size_t i = 0; i + 1 < walk->point->components.count; i++) {
		node = match_child(node, &walk->point->components.items[i]);
		if (!node)
			return false;
		for (size_t k = 0; k < node->aliases.count; k++)
			if (!alias_is_open(walk->frames, &node->aliases.items[k]))
				return true;
	}
	return false;
}

/* the alias's point as a script would write it without wildcards */
static const char *named_text(const struct walk *walk)
{
	struct arena *arena = walk->x->sem->arena;
	struct probe_point *point;

	if (!walk->named)
		return point_text(arena, walk->point);
	point = point_copy(arena, walk->named);
	point->components.count = walk->named_length;
	for (size_t i = walk->inner_length; i < walk->point->components.count; i++)
		array_push(arena, &point->components, walk->point->components.items[i]);
	return point_text(arena, point);
}

static void note_name(const struct walk *walk, struct walk *inner, size_t suffix)
{
	if (walk->alias_text)
		return;
	if (!suffix || !point_has_wildcard(walk->point)) {
		inner->alias_text = named_text(walk);
	} else if (!walk->named) {
		inner->named = walk->point;
		inner->named_length = walk->point->components.count - suffix;
	}
}

static size_t expand_alias(struct walk *walk, const struct alias_entry *entry, size_t suffix)
{
	struct expansion *x = walk->x;
	unsigned depth = walk->frames ? walk->frames->depth + 1 : 1;
	struct alias_frame frame = { entry, walk->frames, depth };
	struct walk inner = *walk;
	size_t before = x->produced;

	if (x->alias_uses++ >= MAX_ALIAS_USES) {
		x->exhausted_at = x->exhausted_at ? x->exhausted_at : entry;
		return 0;
	}
	if (depth > MAX_ALIAS_DEPTH) {
		diag_error(x->sem->frontend, walk->point->token,
			   "more than %d probe aliases stand for each other", MAX_ALIAS_DEPTH);
		return 0;
	}
	if (alias_is_open(walk->frames, entry)) {
		if (shorter_alias_serves(walk))
			return 0;
		diag_error(x->sem->frontend, entry->alias->alias->token,
			   "probe alias '%s' is defined by itself",
			   point_text(x->sem->arena, entry->alias->alias));
		return 0;
	}
	inner.frames = &frame;
	inner.unit = entry->unit;
	note_name(walk, &inner, suffix);
	expand_points(&inner, &entry->alias->points, suffix);
	return x->produced - before;
}

/* ---- the walk ---- */

static size_t walk_end(struct walk *walk, const struct match_node *node)
{
	size_t produced = 0;

	for (size_t i = 0; i < node->families.count; i++)
		produced += expand_family(walk, &node->families.items[i]);
	for (size_t i = 0; i < node->aliases.count; i++)
		if (!node->families.count || !alias_is_open(walk->frames, &node->aliases.items[i]))
			produced += expand_alias(walk, &node->aliases.items[i], 0);
	return produced;
}

/* continue below @node with the component at @position spelt as @name */
static size_t walk_named(struct walk *walk, const struct match_node *node, size_t position,
			 const char *name)
{
	struct probe_point *point = point_copy(walk->x->sem->arena, walk->point);
	struct walk inner = *walk;

	point->components.items[position].name = name;
	inner.point = point;
	return walk_node(&inner, node, position + 1);
}

static int compare_nodes(const void *a, const void *b)
{
	const struct match_node *const *left = a, *const *right = b;
	int order = strcmp((*left)->name, (*right)->name);

	return order ? order : (int)(*left)->argument - (int)(*right)->argument;
}

static struct match_node **sorted_children(struct arena *arena, const struct match_node *node)
{
	size_t count = node->children.count;
	struct match_node **sorted = arena_alloc(arena, (count + 1) * sizeof(*sorted));

	for (size_t i = 0; i < count; i++)
		sorted[i] = node->children.entries[i].value;
	qsort(sorted, count, sizeof(*sorted), compare_nodes);
	return sorted;
}

/* `a**b` also stands for further components: `a*` here, then `**b` */
static size_t walk_deep(struct walk *walk, const struct match_node *child, size_t position)
{
	struct arena *arena = walk->x->sem->arena;
	const struct probe_point *old = walk->point;
	const char *name = old->components.items[position].name, *stars = strstr(name, "**");
	char *head = arena_memdup(arena, name, (size_t)(stars - name) + 1);
	struct probe_point *point = point_copy(arena, old);
	struct walk inner = *walk;

	if (!child->children.count || child->argument != ARGUMENT_NONE ||
	    !text_match(head, child->name))
		return 0;
	point->components.items[position].name = child->name;
	point->components.items[position].argument_kind = ARGUMENT_NONE;
	point->components.count = position + 1;
	for (size_t i = position; i < old->components.count; i++)
		array_push(arena, &point->components, old->components.items[i]);
	point->components.items[position + 1].name = stars;
	inner.point = point;
	return walk_node(&inner, child, position + 1);
}

/* errors of one branch do not matter when another one matches */
static size_t walk_wildcard(struct walk *walk, const struct match_node *node, size_t position)
{
	struct semantics *sem = walk->x->sem;
	const struct point_component *component = &walk->point->components.items[position];
	struct match_node **children = sorted_children(sem->arena, node);
	struct diag_mark mark = diag_mark(sem->frontend);
	bool deep = strstr(component->name, "**") != NULL;
	size_t produced = 0, count = node->children.count;

	for (size_t i = 0; i < count; i++) {
		if (match_glob(component, children[i]))
			produced += walk_named(walk, children[i], position, children[i]->name);
		if (deep)
			produced += walk_deep(walk, children[i], position);
	}
	if (produced && sem->frontend->error_count > mark.errors)
		diag_rewind(sem->frontend, mark);
	return produced;
}

static size_t walk_suffix(struct walk *walk, const struct match_node *node, size_t position)
{
	size_t produced = 0;

	for (size_t i = 0; i < node->aliases.count; i++)
		if (!alias_is_open(walk->frames, &node->aliases.items[i]))
			produced += expand_alias(walk, &node->aliases.items[i],
						 walk->point->components.count - position);
	return produced;
}

static size_t walk_node(struct walk *walk, const struct match_node *node, size_t position)
{
	const struct probe_point *point = walk->point;
	const struct match_node *child;
	size_t produced = 0;

	if (position == point->components.count)
		return walk_end(walk, node);
	if (!walk->x->far_node || position > walk->x->far_position) {
		walk->x->far_node = node;
		walk->x->far_position = position;
	}
	if (text_has_wildcard(point->components.items[position].name)) {
		produced = walk_wildcard(walk, node, position);
	} else {
		child = match_child(node, &point->components.items[position]);
		if (child)
			produced = walk_node(walk, child, position + 1);
	}
	return produced || position == 0 ? produced : walk_suffix(walk, node, position);
}

/* ---- names that must be fetched first ---- */

/* what a family complained about since @mark, it did because of @point */
static void place_messages(struct frontend *frontend, struct diag_mark mark,
			   const struct probe_point *point)
{
	for (size_t i = mark.count; i < frontend->diags.count; i++)
		if (!frontend->diags.items[i].token)
			frontend->diags.items[i].token = point->token;
}

static void generate_aliases(struct semantics *sem, const struct probe_point *point)
{
	char *dotted = point_dotted(sem->arena, point);
	struct diag_mark mark = diag_mark(sem->frontend);

	if (table_get(&sem->generated, dotted))
		return;
	table_put(&sem->generated, dotted, sem);
	for (size_t i = 0; i < sem->frontend->families.count; i++) {
		const struct family_row *row = &sem->frontend->families.items[i];
		const struct source_file *source;
		const char *text;

		if (!row->family->generate_aliases)
			continue;
		text = row->family->generate_aliases(sem->frontend, row->backend, dotted);
		if (!text || !*text)
			continue;
		source = session_add_source(sem->frontend, SOURCE_GENERATED, "<generated>", text,
					    strlen(text));
		unit_add(sem, parse_source(sem->frontend, source));
	}
	place_messages(sem->frontend, mark, point);
}

static void fetch_names(struct semantics *sem, const struct probe_point *point)
{
	if (!point_has_wildcard(point) && match_covers(sem->tree, point))
		return;
	library_load_aliases(sem, point);
	if (point_has_wildcard(point) || !match_covers(sem->tree, point))
		generate_aliases(sem, point);
	sem->frontend->phase = PHASE_SEMANTIC;
}

/* ---- nothing matched ---- */

static const struct point_component *far_component(const struct expansion *x,
						   const struct probe_point *point)
{
	size_t position = x->far_position;

	if (position >= point->components.count)
		position = point->components.count - 1;
	return &point->components.items[position];
}

/* what a point may begin with; most of the library's files are not loaded */
static void add_library_names(struct semantics *sem, name_array *names)
{
	for (size_t i = 0; i < sem->library.aliases.count; i++) {
		const char *dotted = sem->library.aliases.items[i].dotted;

		array_push(sem->arena, names,
			   arena_memdup(sem->arena, dotted, strcspn(dotted, ".")));
	}
}

/*
 * what @component is likely to mean where the walk stopped, or NULL; @key: only its argument
 * differs
 */
static const char *near_component(const struct expansion *x,
				  const struct point_component *component, const char **key)
{
	struct semantics *sem = x->sem;
	const struct match_node *node = x->far_node;
	name_array names = { 0 };

	for (size_t i = 0; node && i < node->children.count; i++) {
		const struct table_entry *entry = &node->children.entries[i];
		const struct match_node *child = entry->value;

		if (strcmp(child->name, component->name) == 0) {
			*key = entry->key;
			return NULL;
		}
		array_push(sem->arena, &names, child->name);
	}
	if (node == sem->tree)
		add_library_names(sem, &names);
	return diag_nearest(component->name, names.items, names.count);
}

/*
 * the user's own point leads nowhere: look at all that could have stood in its components' places
 */
static void fetch_neighbours(struct walk *walk, const struct probe_point *point)
{
	struct semantics *sem = walk->x->sem;
	size_t errors = sem->frontend->error_count;

	for (size_t i = 0; i < point->components.count; i++) {
		struct probe_point *near = point_copy(sem->arena, point);

		near->components.items[i].name = "*";
		fetch_names(sem, near);
		if (sem->frontend->error_count > errors) /* names cannot be had at all */
			return;
	}
	walk->x->far_node = NULL;
	walk->x->far_position = 0;
	walk_node(walk, sem->tree, 0);
}

/* does @point, which nobody wrote, reach a family? Leaves nothing but where the walk stopped */
static bool try_point(const struct walk *walk, const struct probe_point *point)
{
	struct semantics *sem = walk->x->sem;
	struct diag_mark mark = diag_mark(sem->frontend);
	size_t builds = sem->builds.count, produced = walk->x->produced;
	struct walk inner = *walk;
	bool reaches;

	inner.point = point;
	fetch_neighbours(&inner, point);
	reaches = walk->x->produced > produced || sem->frontend->error_count > mark.errors;
	diag_rewind(sem->frontend, mark);
	sem->builds.count = builds;
	walk->x->produced = produced;
	return reaches;
}

/* with the first name put right, the next one may be wrong, too */
static void suggest_point(const struct walk *walk, size_t id, const struct probe_point *point)
{
	struct semantics *sem = walk->x->sem;
	const char *name = NULL, *key = NULL;
	size_t replaced = 0;

	if (!diag_may_suggest(sem->frontend))
		return;
	for (bool reaches = false; !reaches && replaced < point->components.count; replaced++) {
		const struct point_component *component = far_component(walk->x, point);
		struct probe_point *copy = point_copy(sem->arena, point);
		const char *near = near_component(walk->x, component, &key);

		if (!near)
			break;
		name = near;
		copy->components.items[component - point->components.items].name = name;
		point = copy;
		reaches = walk->frames || try_point(walk, point);
	}
	if (replaced)
		diag_hint(sem->frontend, id, "did you mean '%s'?",
			  replaced == 1 ? name : point_text(sem->arena, point));
	if (key)
		diag_hint(sem->frontend, id, "there is '%s'", key);
}

static void report_no_match(const struct walk *walk, const struct probe_point *point)
{
	const struct expansion *x = walk->x;
	const struct point_component *component = far_component(x, point);
	size_t id = diag_error(x->sem->frontend, component->token ? component->token : point->token,
			       "while resolving probe point '%s', no match",
			       point_text(x->sem->arena, point));

	if (x->is_forbidden)
		diag_hint(x->sem->frontend, id, "what it stands for is not allowed for "
			  "--privilege=%s", privilege_name(x->sem->frontend->options.privilege));
	else
		if (x->reason) /* an alias's: the name is right */
		diag_hint(x->sem->frontend, id, "none of its points is here; the last: %s", x->reason);
	else
		suggest_point(walk, id, point);
	for (const struct alias_frame *frame = walk->frames; frame; frame = frame->outer)
		diag_also(x->sem->frontend, id, frame->entry->alias->alias->token,
			  "the point comes from this alias");
}

/* ---- points ---- */

static const struct probe_point *point_with_suffix(struct arena *arena,
						   const struct probe_point *point,
						   const struct probe_point *from, size_t suffix)
{
	struct probe_point *copy = point_copy(arena, point);

	for (size_t i = from->components.count - suffix; i < from->components.count; i++)
		array_push(arena, &copy->components, from->components.items[i]);
	return copy;
}

static void expand_point(struct walk *walk, const struct probe_point *point)
{
	struct expansion *x = walk->x;
	struct frontend *frontend = x->sem->frontend;
	struct condition_frame condition = { { point->condition, walk->unit }, walk->conditions };
	const struct match_node *far_node = x->far_node;
	size_t far_position = x->far_position, before = x->produced;
	struct diag_mark mark = diag_mark(frontend);
	struct walk inner = *walk;

	inner.point = point;
	if (point->condition)
		inner.conditions = &condition;
	x->far_node = NULL;
	x->far_position = 0;
	x->reason = NULL;
	fetch_names(x->sem, point);
	walk_node(&inner, x->sem->tree, 0);
	if (x->produced == before && !walk->frames && !point->optional && !point->sufficient &&
	    frontend->error_count == mark.errors)
		fetch_neighbours(&inner, point);
	if (x->produced == before && frontend->error_count == mark.errors && !x->exhausted_at)
		report_no_match(walk, point);
	if (x->produced == before && (point->optional || point->sufficient)) {
		if (frontend->diags.count > mark.count)
			x->reason = frontend->diags.items[mark.count].text;
		diag_rewind(frontend, mark);
	}
	x->far_node = far_node;
	x->far_position = far_position;
}

/* the probes from @first on are of an alias's point that others may stand in for: are they to? */
static bool is_passed_over(const struct walk *walk, size_t first)
{
	struct semantics *sem = walk->x->sem;

	for (size_t i = first; walk->frames && i < sem->builds.count; i++)
		if (missing_variables(sem, walk->x->declaration->body, sem->builds.items[i]->probe))
			return true;
	return false;
}

/* the points of a probe or alias, with @suffix components of the asking point behind each */
static void expand_points(struct walk *walk, const point_array *points, size_t suffix)
{
	for (size_t i = 0; i < points->count; i++) {
		const struct probe_point *point = points->items[i];
		size_t before = walk->x->produced, builds = walk->x->sem->builds.count;

		walk->inner_length = point->components.count;
		if (suffix)
			point = point_with_suffix(walk->x->sem->arena, point, walk->point, suffix);
		expand_point(walk, point);
		if (!points->items[i]->sufficient || walk->x->produced == before)
			continue;
		if (i + 1 == points->count || !is_passed_over(walk, builds))
			return;
		walk->x->sem->builds.count = builds;
		walk->x->produced = before;
	}
}

/* here, where no `?` and no wildcard takes the message back */
static void report_exhausted(const struct expansion *x)
{
	struct frontend *frontend = x->sem->frontend;
	size_t id;

	if (!x->exhausted_at)
		return;
	x->sem->builds.count -= x->produced; /* looking at them would take as long again */
	id = diag_error(frontend, x->declaration->token,
			"the probe stands for more than %d uses of aliases", MAX_ALIAS_USES);
	diag_also(frontend, id, x->exhausted_at->alias->alias->token, "the last was of this one");
}

void expand_declaration(struct semantics *sem, struct unit *unit,
			const struct probe_declaration *declaration)
{
	struct expansion x = { .sem = sem, .unit = unit, .declaration = declaration };
	struct walk walk = { .x = &x, .unit = unit };

	expand_points(&walk, &declaration->points, 0);
	report_exhausted(&x);
}

size_t expand_listed_point(struct semantics *sem, struct unit *unit,
			   const struct probe_declaration *declaration,
			   const struct probe_point *point)
{
	struct expansion x = { .sem = sem, .unit = unit, .declaration = declaration };
	struct walk walk = { .x = &x, .unit = unit };

	expand_point(&walk, point);
	report_exhausted(&x);
	return x.produced;
}

#ifdef UNIT_TEST
#include "test-family.h"

UNIT_TEST_CASE(expand_family_wildcard_gives_each_site)
{
	struct frontend *frontend = test_session(NULL, "probe event(\"*\") { println(pp()) }");
	struct program *program = test_compile(frontend);

	CHECK(program && program->probes.count == 2);
	CHECK_STR(program->probes.items[0]->point_text, "event(\"open\")");
	CHECK_STR(program->probes.items[1]->alias_text, "event(\"close\")");
	frontend_free(frontend);
}

UNIT_TEST_CASE(expand_generated_aliases_once)
{
	struct frontend *frontend = test_session(NULL,
						 "probe made.* { println(flags) }\n"
						 "probe made.open, made.* { println(flags) }");
	struct program *program = test_compile(frontend);

	CHECK(program && program->probes.count == 5);
	CHECK_STR(program->probes.items[0]->alias_text, "made.close");
	CHECK_STR(program->probes.items[1]->alias_text, "made.open");
	CHECK_STR(program->probes.items[1]->point_text, "event(\"open\")");
	frontend_free(frontend);
}

UNIT_TEST_CASE(expand_sufficient_skips_the_rest)
{
	struct frontend *frontend = test_session(NULL, "probe event(\"none\")!, event(\"open\")!,"
						       " event(\"close\") { println(1) }");
	struct program *program = test_compile(frontend);

	CHECK(program && program->probes.count == 1);
	CHECK_STR(program->probes.items[0]->point_text, "event(\"open\")");
	frontend_free(frontend);
}

UNIT_TEST_CASE(expand_family_without_match_is_an_error)
{
	struct frontend *frontend = test_session(NULL, "probe event(\"none\") { println(1) }");

	CHECK(!test_compile(frontend));
	CHECK_INT(diag_error_count(frontend), 1);
	frontend_free(frontend);
}

UNIT_TEST_CASE(expand_bodies_nest_around_the_probe)
{
	struct frontend *frontend = test_session(NULL, "probe a = begin { println(1) }\n"
						       "probe b = a { println(2) }\n"
						       "probe c += b { println(5) }\n"
						       "probe d += c { println(4) }\n"
						       "probe d { println(3) }");
	struct program *program = test_compile(frontend);
	const struct stmt *body;

	CHECK(program && program->probes.count == 1);
	body = program->probes.items[0]->body;
	CHECK_INT(body->body.count, 5);
	for (size_t i = 0; i < 5; i++) {
		const struct stmt *print = body->body.items[i]->body.items[0];

		CHECK_INT(print->expr->args[0]->number, i + 1);
	}
	frontend_free(frontend);
}

UNIT_TEST_CASE(expand_bounds_aliases_of_aliases)
{
	struct frontend *frontend;
	struct buf text = BUF_INIT;

	buf_puts(&text, "probe a0 = begin { println(0) }\n");
	for (int i = 1; i < 20000; i++)
		buf_printf(&text, "probe a%d = a%d { }\n", i, i - 1);
	buf_puts(&text, "probe a19999 { println(1) }\nprobe a300 { println(1) }");
	frontend = test_session(NULL, buf_text(&text));
	CHECK(!test_compile(frontend));
	CHECK_INT(diag_error_count(frontend), 1);
	frontend_free(frontend);
	buf_free(&text);
}
#endif
