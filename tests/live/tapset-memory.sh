#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vm.*: a program maps, touches and unmaps memory of known sizes; the kernel allocates for it.
. tests/live/harness

command -v python3 > /dev/null || skip 'no python3'
cat > "$work/script" << 'EOF'
import ctypes, mmap
memory = mmap.mmap(-1, 40 * 4096)
address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
for page in range(40):
	memory[page * 4096] = 1
print("address", address)
libc = ctypes.CDLL(None)
libc.munmap(ctypes.c_void_p(address), ctypes.c_size_t(40 * 4096))
EOF
stap_succeeds -w -e '
	global from, faults, reads, requested, given, freed
	probe vm.mmap { if (target_set_pid(pid()) && length == 163840) println("mmap ", length) }
	probe vm.pagefault { if (target_set_pid(pid())) faults[address >> 12] |= 1 + write_access }
	probe vm.munmap {
		if (target_set_pid(pid()) && length == 163840) {
			from = address
			printf("munmap %d %d\n", address, length)
		}
	}
	probe vm.kmalloc { requested += bytes_req; given += bytes_alloc; if (gfp_flag_name == "") println("no name ", gfp_flags) }
	probe vm.kmem_cache_alloc { requested += bytes_req; given += bytes_alloc }
	probe vm.kfree, vm.kmem_cache_free { freed += ptr != 0 }
	probe end {
		for (page = 0; page < 40; page++)
			touched += faults[(from >> 12) + page] >= 2
		printf("touched %d\n", touched)
		printf("kernel %d %d %d\n", requested > 0, given >= requested, freed > 0)
	}' -c "python3 $work/script"
address=$(number_of '$1 == "address"' 2)
expect_line "^mmap 163840\$"
expect_line "^munmap $address 163840\$"
# with huge or large folios one fault serves several pages
expect_between 'pages that were written to' "$(number_of '$1 == "touched"' 2)" 1 40
expect_line '^kernel 1 1 1$'
! grep -q '^no name' "$work/out" || fail 'an allocation without flags'
