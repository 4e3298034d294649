// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netfilter.hook("H").pf("P"): a hook stands for the kernel function that calls it, or that packets
 * pass just before. A kprobe there sees each packet, whether or not a hook is registered, and
 * decides nothing. Priorities order what hooks do to a packet, so they make no difference here.
 */
#include <errno.h>

#include "code-probe.h"
#include "families.h"

struct hook {
	const char *protocol, *name;	/* without NFPROTO_, and without NF_INET_, NF_ARP_ … */
	const char *functions[2];	/* the first that there is */
};
static const struct hook hooks[] = {
	{ "IPV4", "PRE_ROUTING", { "ip_rcv_core", "ip_rcv" } },
	{ "IPV4", "LOCAL_IN", { "ip_local_deliver" } },
	{ "IPV4", "FORWARD", { "ip_forward" } },
	{ "IPV4", "LOCAL_OUT", { "__ip_local_out" } },
	{ "IPV4", "POST_ROUTING", { "ip_output" } },
	{ "IPV6", "PRE_ROUTING", { "ip6_rcv_core", "ipv6_rcv" } },
	{ "IPV6", "LOCAL_IN", { "ip6_input" } },
	{ "IPV6", "FORWARD", { "ip6_forward" } },
	{ "IPV6", "LOCAL_OUT", { "__ip6_local_out" } },
	{ "IPV6", "POST_ROUTING", { "ip6_output" } },
	{ "ARP", "IN", { "arp_rcv" } },
	{ "ARP", "OUT", { "arp_xmit" } },
	{ "BRIDGE", "PRE_ROUTING", { "br_handle_frame_finish" } },
	{ "BRIDGE", "LOCAL_IN", { "br_netif_receive_skb" } },
	{ "BRIDGE", "FORWARD", { "br_forward_finish" } },
	{ "BRIDGE", "LOCAL_OUT", { "br_forward_finish" } },
	{ "BRIDGE", "POST_ROUTING", { "br_dev_queue_push_xmit" } },
};

static const struct point_component *component(const struct probe_point *point, const char *name)
{
	for (size_t i = 0; i < point->components.count; i++)
		if (strcmp(point->components.items[i].name, name) == 0)
			return &point->components.items[i];
	return NULL;
}

/* what follows the prefix of @text that ends in one of @prefixes, or all of it */
static const char *without_prefix(const char *text, const char *const *prefixes)
{
	for (; *prefixes; prefixes++)
		if (text_starts_with(text, *prefixes))
			return text + strlen(*prefixes);
	return text;
}

static const char *protocol_name(const char *text)
{
	static const char *const prefixes[] = { "NFPROTO_", "PF_", NULL };
	const char *name = without_prefix(text, prefixes);

	return strcmp(name, "INET") == 0 ? "IPV4" : strcmp(name, "INET6") == 0 ? "IPV6" : name;
}

static const struct hook *find_hook(const char *protocol, const char *name)
{
	static const char *const prefixes[] = { "NF_INET_", "NF_IP_", "NF_IP6_", "NF_ARP_", "NF_BR_",
						NULL };

	protocol = protocol_name(protocol);
	name = without_prefix(name, prefixes);
	for (size_t i = 0; i < ARRAY_SIZE(hooks); i++)
		if (strcmp(hooks[i].protocol, protocol) == 0 && strcmp(hooks[i].name, name) == 0)
			return &hooks[i];
	return NULL;
}

/* the probe is known by the point the script wrote */
static void emit_as_written(struct family_match *inner, const struct probe_point *point,
			    struct site *site, void *data)
{
	struct family_match *outer = inner->owner;

	(void)point;
	outer->emit(outer, outer->point, site, data);
}

static const struct family *function_family(void)
{
	for (size_t i = 0; i < kprobe_family_count; i++)
		if (strcmp(kprobe_families[i].pattern, "kernel.function(string).call") == 0)
			return &kprobe_families[i];
	return NULL;
}

/* as if the script had said kernel.function("@function").call ?, or without the ? if @must_be */
static int resolve_function(struct family_match *match, const char *function, bool must_be)
{
	const struct token *token = match->point->components.items[0].token;
	struct point_component components[] = {
		{ .name = "kernel", .token = token },
		{ .name = "function", .argument_kind = ARGUMENT_STRING, .string = function,
		  .token = token },
		{ .name = "call", .token = token },
	};
	struct probe_point *point = arena_memdup(match->arena, match->point, sizeof(*point));
	struct family_match inner = *match;

	point->components.items = arena_memdup(match->arena, components, sizeof(components));
	point->components.count = point->components.capacity = ARRAY_SIZE(components);
	point->optional = match->point->optional || !must_be;
	inner.point = point;
	inner.emit = emit_as_written;
	inner.owner = match;
	return function_family()->resolve(&inner);
}

static int netfilter_resolve(struct family_match *match)
{
	const struct point_component *name = component(match->point, "hook");
	const struct point_component *protocol = component(match->point, "pf");
	const struct hook *hook = find_hook(protocol->string, name->string);
	size_t before = match->emitted;
	int error;

	if (!hook) {
		diag_error(match->frontend, name->token, "netfilter has no hook '%s' of '%s': "
			   "NF_INET_PRE_ROUTING, LOCAL_IN, FORWARD, LOCAL_OUT, POST_ROUTING of "
			   "NFPROTO_IPV4, IPV6 and BRIDGE; NF_ARP_IN and OUT of NFPROTO_ARP",
			   name->string, protocol->string);
		return -EINVAL;
	}
	error = resolve_function(match, hook->functions[0], !hook->functions[1]);
	if (match->emitted == before && hook->functions[1])
		error = resolve_function(match, hook->functions[1], true);
	return error;
}

#define ROW(text)                                                                               \
	{ .pattern = text, .source = FAMILY_TRACEFS, .resolve = netfilter_resolve,              \
	  .entry = code_probe_entry, .describe = code_probe_describe,                           \
	  .summary = "packets where netfilter has a hook" }

const struct family netfilter_families[] = {
	ROW("netfilter.hook(string).pf(string)"),
	ROW("netfilter.pf(string).hook(string)"),
	ROW("netfilter.hook(string).pf(string).priority(string)"),
	ROW("netfilter.pf(string).hook(string).priority(string)"),
};
const size_t netfilter_family_count = ARRAY_SIZE(netfilter_families);
