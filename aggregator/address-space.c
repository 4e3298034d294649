// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Address spaces: a sorted array of executable mappings. The kernel tells of every mapping made and
 * of none removed, so a new one cuts away what it covers of those before.
 */
#include "address-space.h"

#define MAPPINGS_MAX 65536 /* vm.max_map_count's default is 65530 */

struct address_space *address_space_new(int32_t pid)
{
	struct address_space *space = memory_zalloc(sizeof(*space));

	space->refs = 1;
	space->pid = pid;
	return space;
}

struct address_space *address_space_ref(struct address_space *space)
{
	space->refs++;
	return space;
}

void address_space_unref(struct address_space *space)
{
	if (!space || --space->refs)
		return;
	free(space->items);
	free(space);
}

struct address_space *address_space_fork(const struct address_space *space, int32_t pid)
{
	struct address_space *child;

	if (!space)
		return NULL;
	child = address_space_new(pid);
	if (space->count == 0)
		return child;
	child->items = memory_alloc(space->count * sizeof(*child->items));
	memcpy(child->items, space->items, space->count * sizeof(*child->items));
	child->count = child->capacity = space->count;
	return child;
}

/* index of the first mapping that ends behind @address */
static size_t first_behind(const struct address_space *space, uint64_t address)
{
	size_t low = 0, high = space->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (space->items[middle].end > address)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

const struct mapping *address_space_find(const struct address_space *space, uint64_t address)
{
	size_t at = first_behind(space, address);

	if (at == space->count || space->items[at].start > address)
		return NULL;
	return &space->items[at];
}

bool address_space_has_file(const struct address_space *space, const char *path)
{
	for (size_t i = 0; i < space->count; i++)
		if (strcmp(space->items[i].path, path) == 0)
			return true;
	return false;
}

/* replace @removed mappings at @at by @added uninitialised ones */
static void splice(struct address_space *space, size_t at, size_t removed, size_t added)
{
	size_t count = space->count - removed + added;

	if (count > space->capacity) {
		space->capacity = count < 16 ? 16 : 2 * count;
		space->items = memory_realloc(space->items,
					      space->capacity * sizeof(*space->items));
	}
	memmove(space->items + at + added, space->items + at + removed,
		(space->count - at - removed) * sizeof(*space->items));
	space->count = count;
}

void address_space_map(struct address_space *space, const struct mapping *mapping)
{
	size_t first = first_behind(space, mapping->start), last = first;
	struct mapping pieces[3];
	size_t count = 0;

	if (mapping->start >= mapping->end || space->count >= MAPPINGS_MAX)
		return;
	while (last < space->count && space->items[last].start < mapping->end)
		last++;
	if (first < last && space->items[first].start < mapping->start) {
		pieces[count] = space->items[first];
		pieces[count++].end = mapping->start;
	}
	pieces[count++] = *mapping;
	if (first < last && space->items[last - 1].end > mapping->end) {
		pieces[count] = space->items[last - 1];
		pieces[count].offset += mapping->end - pieces[count].start;
		pieces[count++].start = mapping->end;
	}
	splice(space, first, last - first, count);
	memcpy(space->items + first, pieces, count * sizeof(*pieces));
}

/* "start-end permissions offset device inode   path" */
static void parse_line(struct address_space *space, const char *line, struct interner *paths)
{
	unsigned long long start, end, offset;
	struct mapping mapping;
	char permissions[8];
	int path = 0;

	if (sscanf(line, "%llx-%llx %7s %llx %*s %*s %n", &start, &end, permissions, &offset,
		   &path) != 4 || path == 0 || !strchr(permissions, 'x'))
		return;
	mapping = (struct mapping){ .start = start, .end = end, .offset = offset,
				    .path = intern(paths, line + path, strlen(line + path)) };
	address_space_map(space, &mapping);
}

void address_space_parse(struct address_space *space, char *text, struct interner *paths)
{
	char *line;

	while ((line = strsep(&text, "\n")))
		parse_line(space, line, paths);
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

static void test_map(struct address_space *space, uint64_t start, uint64_t end, const char *path)
{
	address_space_map(space, &(struct mapping){ .start = start, .end = end,
						   .path = path });
}

static const char *test_path(const struct address_space *space, uint64_t address)
{
	const struct mapping *mapping = address_space_find(space, address);

	return mapping ? mapping->path : "none";
}

UNIT_TEST_CASE(address_space_newer_mappings_cover_older_ones)
{
	struct address_space *space = address_space_new(1);

	test_map(space, 10, 20, "a");
	test_map(space, 30, 40, "b");
	test_map(space, 12, 14, "hole");
	CHECK_INT(space->count, 4);
	CHECK_STR(test_path(space, 9), "none");
	CHECK_STR(test_path(space, 10), "a");
	CHECK_STR(test_path(space, 12), "hole");
	CHECK_STR(test_path(space, 14), "a");
	CHECK_INT(address_space_find(space, 14)->offset, 4);
	CHECK_STR(test_path(space, 20), "none");
	test_map(space, 15, 35, "c");
	CHECK_STR(test_path(space, 14), "a");
	CHECK_STR(test_path(space, 34), "c");
	CHECK_STR(test_path(space, 35), "b");
	test_map(space, 0, 100, "all");
	CHECK_INT(space->count, 1);
	test_map(space, 5, 5, "empty");
	CHECK_INT(space->count, 1);
	address_space_unref(space);
}

UNIT_TEST_CASE(address_space_agrees_with_a_table_of_bytes)
{
	struct address_space *space = address_space_new(1);
	static const char *const names[] = { "a", "b", "c", "d" };
	const char *bytes[256];
	uint64_t random = 7;

	for (size_t i = 0; i < ARRAY_SIZE(bytes); i++)
		bytes[i] = "none";
	for (unsigned round = 0; round < 2000; round++) {
		uint64_t start, end;

		random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
		start = random >> 33 & 255;
		end = start + (random >> 45 & 31);
		test_map(space, start, end, names[random >> 60 & 3]);
		for (uint64_t at = start; at < end && at < 256; at++)
			bytes[at] = names[random >> 60 & 3];
		for (uint64_t at = 0; at < 256; at += 5)
			CHECK_STR(test_path(space, at), bytes[at]);
	}
	address_space_unref(space);
}

UNIT_TEST_CASE(address_space_child_has_a_copy)
{
	struct address_space *space = address_space_new(1), *child;

	test_map(space, 10, 20, "a");
	child = address_space_fork(space, 2);
	test_map(child, 10, 20, "b");
	CHECK_STR(test_path(space, 10), "a");
	CHECK_STR(test_path(child, 10), "b");
	CHECK(!address_space_fork(NULL, 3));
	address_space_unref(space);
	address_space_unref(child);
}

UNIT_TEST_CASE(address_space_parses_executable_lines)
{
	struct arena *arena = arena_new();
	struct interner *paths = interner_new(arena);
	struct address_space *space = address_space_new(1);
	char text[] = "1000-2000 r-xp 00001000 fe:00 12    /usr/bin/a b\n"
		      "2000-3000 rw-p 00001000 fe:00 12    /usr/bin/c\n"
		      "4000-5000 r-xp 00000000 00:00 0 \n"
		      "nonsense\n9000-8000 r-xp 0 0 0 /x\n\n";

	address_space_parse(space, text, paths);
	CHECK_INT(space->count, 2);
	CHECK_STR(test_path(space, 0x1fff), "/usr/bin/a b");
	CHECK(address_space_has_file(space, "/usr/bin/a b"));
	CHECK(!address_space_has_file(space, "/usr/bin/c"));
	CHECK_INT(address_space_find(space, 0x1000)->offset, 0x1000);
	CHECK_STR(test_path(space, 0x4000), "");
	address_space_unref(space);
	arena_free(arena);
}
#endif
