#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What happens to programs while they are probed: their file is replaced on disk, a library is
# loaded long after stap began, threads and the process end in the middle of functions whose returns
# are probed; and several programs are named by one wildcard.
. tests/live/harness
command -v gcc > /dev/null || skip "no gcc"
[ -e /sys/kernel/tracing/uprobe_events ] || skip "this kernel has no uprobe_events"

cat > "$work/p.c" <<'END'
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#define PROBED __attribute__((noipa))
#ifdef OTHER
int padding(int x) { return x * OTHER; }
int more_padding(int x) { return x * OTHER + 3; }
#endif
PROBED int step(int c) { return c + 1; }
PROBED int leaves(int c)
{
	if (c == 'x')
		exit(3);
	if (c == 't')
		pthread_exit(NULL);
	return step(c) + 1;
}
PROBED int deep(int n)
{
	int result = n ? deep(n - 1) : leaves('x');

	__asm__ volatile("");
	return result;
}
static void *run(void *c) { leaves((long)c); return NULL; }
int main(int argc, char **argv)
{
	int (*loaded)(int);
	pthread_t thread;
	int c;

	while ((c = getchar()) != EOF) {
		if (c == 'l') {
			loaded = dlsym(dlopen(argv[1], RTLD_NOW), "loaded");
			loaded(argc);
		} else if (c == 't') {
			pthread_create(&thread, NULL, run, (void *)(long)c);
			pthread_join(thread, NULL);
			leaves('y');
		} else if (c == 'x') {
			deep(3);
		} else {
			step(c);
		}
	}
	return 0;
}
END
echo '__attribute__((noipa)) int loaded(int x) { return x + 37; }' > "$work/l.c"
gcc -g -O2 -pthread -o "$work/p" "$work/p.c" && gcc -g -O2 -pthread -DOTHER=7 -o "$work/new" "$work/p.c" &&
	gcc -g -O2 -shared -fPIC -o "$work/l.so" "$work/l.c" || fail gcc

start_program() { # its pid in $program, its input is descriptor 7
	mkfifo "$work/input"
	"$work/p" "$work/l.so" < "$work/input" & program=$!
	exec 7> "$work/input"
	rm "$work/input"
	until [ "$(readlink /proc/$program/exe)" = "$work/p" ]; do sleep 0.02; done
}
end_program() { # STATUS
	exec 7>&-
	wait $program
	expect_equal 'status of the program' $? "$1"
}

# the file the process runs is not the file of that name any more; the library is not there yet
start_program
mv "$work/new" "$work/p"
start_stap -e '
	probe process('$program').function("step") { println("step ", $c) }
	probe process(@1).function("loaded").return { println("loaded ", $x, " ", $return) }' \
	"$work/l.so" 7>&-
printf alb >&7
end_program 0
end_stap
expect_equal 'steps and the library' "$(grep -v armed "$work/out" | tr '\n' ' ')" 'step 97 loaded 2 39 step 98 '

# a thread and then the process leave functions that never return; the next process is no way mixed
# up
start_stap -e '
	probe process(@1).function("step") { println("step ", $c) }
	probe process(@1).function("deep").return { println("deep ", $n) }
	probe process(@1).function("leaves").return { println("leaves ", $c, " ", $return) }' "$work/p"
for round in 1 2; do
	start_program
	printf at >&7
	printf tx >&7
	end_program 3
done
end_stap
one='step 97 step 121 leaves 121 123 step 121 leaves 121 123 '
expect_equal 'returns' "$(grep -v armed "$work/out" | tr '\n' ' ')" "$one$one"

# one wildcard for a program and a library; $PATH
stap_succeeds -l 'process("'"$work"'/*").function("l*")'
expect_equal 'functions of several files' "$(sed 's/.*function("\([a-z]*\).*/\1/' "$work/out" | tr '\n' ' ')" \
	'loaded leaves '
PATH=$work:$PATH stap_succeeds -l 'process("p").function("step")'
expect_line "^process\\(\"$work/p\"\\)\\.function\\(\"step@"
