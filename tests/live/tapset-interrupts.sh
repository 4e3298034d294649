#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# irq_handler.*, softirq.*, workqueue.*, netdev.*: each entry has its exit, and a UDP datagram of
# known length crosses the loopback device.
. tests/live/harness

command -v python3 > /dev/null || skip 'no python3'
start_stap -w -e '
	global open_irq, irqs, open_softirq, softirqs, odd, queued, executed, sent, received
	probe irq_handler.entry { open_irq[cpu()] = irq; irqs += kernel_string(dev_name) != ""; opened[cpu()] = dev_name }
	global opened, named, lost
	probe irq_handler.exit {
		if ([cpu()] in open_irq && open_irq[cpu()] != irq) odd++
		if (action && [cpu()] in opened) {
			if (dev_name == opened[cpu()] && symname(handler) != "" && flags_str != "") named++
			else lost++
		}
	}
	probe softirq.entry { open_softirq[cpu()] = vec_nr + 1; softirqs++ }
	probe softirq.exit { if (open_softirq[cpu()] && open_softirq[cpu()] != vec_nr + 1) odd++; open_softirq[cpu()] = 0 }
	probe workqueue.insert { queued[work]++ }
	probe workqueue.execute { executed += [work] in queued && work_func != 0 && task_tid(wq_thread) == tid() }
	probe netdev.transmit { if (dev_name == "lo" && length == 14 + 20 + 8 + 1234) sent++ }
	probe netdev.receive { if (dev_name == "lo" && length == 20 + 8 + 1234) received++ }
	probe end {
		printf("named %d of %d\n", named, named + lost)
		printf("softirqs %d\nodd %d\nexecuted %d\nsent %d\nreceived %d\n", softirqs, odd, executed, sent, received)
	}'
python3 - << 'EOF'
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 0))
for i in range(5):
	s.sendto(b"x" * 1234, s.getsockname())
	assert len(s.recv(4096)) == 1234
EOF
sync
for ((i = 0; i < 20; i++)); do sleep 0.01; done
end_stap
expect_equal 'exit status' $status 0
[ "$(number_of '$1 == "softirqs"' 2)" -ge 5 ] || fail 'no softirqs'
expect_line '^odd 0$'
[ "$(number_of '$1 == "named"' 2)" = "$(number_of '$1 == "named"' 4)" ] || fail 'handlers of interrupts are not told'
[ "$(number_of '$1 == "executed"' 2)" -ge 1 ] || fail 'no queued work was executed'
expect_line '^sent 5$'
expect_line '^received 5$'
