/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CONFIG_* of the traced kernel for the preprocessor, read only when a script asks: from
 * /proc/config.gz when it is the running kernel, or what the distribution put beside the kernel.
 */
#include "preproc.h"

#include <sys/utsname.h>
#include <zlib.h>

static void add_line(struct frontend *frontend, char *line)
{
	char *value = strchr(line, '=');
	size_t length;

	if (!text_starts_with(line, "CONFIG_") || !value)
		return;
	*value++ = '\0';
	length = strcspn(value, "\n");
	if (length >= 2 && value[0] == '"' && value[length - 1] == '"') {
		value++;
		length -= 2;
	}
	table_put(&frontend->kernel_config, line,
		  arena_memdup(frontend->arena, value, length));
}

/* gzopen() reads uncompressed files as they are */
static bool read_config(struct frontend *frontend, const char *path)
{
	char line[4096];
	gzFile file = gzopen(path, "r");

	if (!file)
		return false;
	while (gzgets(file, line, sizeof(line)))
		add_line(frontend, line);
	gzclose(file);
	return frontend->kernel_config.count > 0;
}

static void find_config(struct frontend *frontend)
{
	const char *release = frontend->options.kernel_release;
	struct utsname running;

	frontend->kernel_config_read = true;
	if (frontend->options.kernel_tree &&
	    read_config(frontend, arena_printf(frontend->arena, "%s/.config",
					       frontend->options.kernel_tree)))
		return;
	if (uname(&running) == 0 && (!release || strcmp(release, running.release) == 0) &&
	    read_config(frontend, "/proc/config.gz"))
		return;
	if (!release || strchr(release, '/'))
		return;
	if (!read_config(frontend, arena_printf(frontend->arena, "/boot/config-%s", release)))
		read_config(frontend, arena_printf(frontend->arena, "/lib/modules/%s/config",
						   release));
}

const char *kernel_config_get(struct frontend *frontend, const char *name)
{
	const char *value;

	if (!frontend->kernel_config_read)
		find_config(frontend);
	value = table_get(&frontend->kernel_config, name);
	return value ? value : "";
}

#ifdef UNIT_TEST
#include "../lib/unit.h"

UNIT_TEST_CASE(kernel_config_takes_values_without_quotes)
{
	struct frontend_options options = { 0 };
	struct frontend *frontend = frontend_new(&options);
	char lines[][40] = { "CONFIG_SMP=y\n", "CONFIG_HZ=250", "CONFIG_A=\"b c\"\n",
			     "# CONFIG_NO is not set\n", "CONFIG_EMPTY=\"\"\n" };

	frontend->kernel_config_read = true;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		add_line(frontend, lines[i]);
	CHECK_STR(kernel_config_get(frontend, "CONFIG_SMP"), "y");
	CHECK_STR(kernel_config_get(frontend, "CONFIG_HZ"), "250");
	CHECK_STR(kernel_config_get(frontend, "CONFIG_A"), "b c");
	CHECK_STR(kernel_config_get(frontend, "CONFIG_NO"), "");
	CHECK_STR(kernel_config_get(frontend, "CONFIG_EMPTY"), "");
	frontend_free(frontend);
}
#endif
