// SPDX-License-Identifier: GPL-2.0-or-later
/* Natives that turn numbers into other numbers, names and addresses. */
#include <arpa/inet.h>
#include <endian.h>
#include <signal.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "builtin.h"

/* numbers that glibc does not name, from the kernel's include/linux/errno.h */
static const struct {
	int number;
	const char *name;
} kernel_errors[] = {
	{ 512, "ERESTARTSYS" }, { 513, "ERESTARTNOINTR" }, { 514, "ERESTARTNOHAND" },
	{ 515, "ENOIOCTLCMD" }, { 516, "ERESTART_RESTARTBLOCK" }, { 517, "EPROBE_DEFER" },
	{ 518, "EOPENSTALE" }, { 519, "ENOPARAM" }, { 521, "EBADHANDLE" }, { 522, "ENOTSYNC" },
	{ 523, "EBADCOOKIE" }, { 524, "ENOTSUPP" }, { 525, "ETOOSMALL" },
	{ 526, "ESERVERFAULT" }, { 527, "EBADTYPE" }, { 528, "EJUKEBOX" },
	{ 529, "EIOCBQUEUED" }, { 530, "ERECALLCONFLICT" },
};

static const char *error_name(int64_t number)
{
	const char *name;

	if (number < 0)
		number = number == INT64_MIN ? 0 : -number;
	for (size_t i = 0; i < ARRAY_SIZE(kernel_errors); i++)
		if (kernel_errors[i].number == number)
			return kernel_errors[i].name;
	name = number > 0 && number < 4096 ? strerrorname_np((int)number) : NULL;
	return name ? name : "";
}

bool builtin_errno_str(struct native_call *call)
{
	return native_return_string(call, error_name(call->arguments[0].number));
}

bool builtin_errno_p(struct native_call *call)
{
	int64_t number = call->arguments[0].number;

	return native_return_number(call, *error_name(number) ? llabs(number) : 0);
}

bool builtin_htons(struct native_call *call)
{
	return native_return_number(call, htobe16((uint16_t)call->arguments[0].number));
}

bool builtin_htonl(struct native_call *call)
{
	return native_return_number(call, htobe32((uint32_t)call->arguments[0].number));
}

bool builtin_htonll(struct native_call *call)
{
	return native_return_number(call, (int64_t)htobe64((uint64_t)call->arguments[0].number));
}

bool builtin_ip_ntop(struct native_call *call)
{
	struct in_addr address = { (in_addr_t)call->arguments[0].number };
	char text[INET_ADDRSTRLEN];

	return native_return_string(call, inet_ntop(AF_INET, &address, text, sizeof(text)));
}

bool builtin_signal_str(struct native_call *call)
{
	int64_t number = call->arguments[0].number;
	const char *name = number > 0 && number < 32 ? sigabbrev_np((int)number) : NULL;
	char text[32] = "";

	if (number == SIGIO)
		name = "IO/POLL";
	if (number == 32)	/* the kernel's first, whatever the C library keeps for itself */
		name = "RTMIN";
	if (number > 32 && number <= 64)
		snprintf(text, sizeof(text), "RTMIN+%d", (int)number - 32);
	return native_return_string(call, name ? name : text);
}

bool builtin_randint(struct native_call *call)
{
	uint64_t range = (uint64_t)call->arguments[0].number, number;

	if (range > 1024 * 1024)
		return native_error(call, "range too wide");
	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return native_error(call, "no random numbers to be had");
	return native_return_number(call, range ? (int64_t)(number % range) : 0);
}
