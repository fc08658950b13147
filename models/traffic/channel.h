/*
 * channel - what a client's library knows of its target, where it looks the
 * name up only after a loss (resolver: {ask: afterLoss}), as gRPC's channels
 * do.
 *
 * The name is looked up with the first request, and again once a connection
 * has ended, but not within minInterval of the last look-up: connections that
 * are kept hide new pods till then. No loss is what an idle client closes, and
 * what goes to an address that is listed no more (gRPC would close it).
 * A look-up that fails, or finds no address, is tried again after 1.6 s,
 * growing by 1.6 to 120 s, +-20 %; where it failed, addresses from before are
 * kept (grpc-go internal/resolver/dns/dns_resolver.go). What is found while
 * others are known is taken at once.
 *
 * Requests go only to addresses that take connections, as gRPC's balancers
 * pick among subchannels that are READY: whether one does is tried when it is
 * new in the list, when its connection has ended, and after 1 s, growing by
 * 1.6 to 120 s, +-20 %, while it does not (grpc-go internal/backoff). Such a
 * try takes no time here. Where none takes any, requests are sent to all, and
 * fail as they may.
 */
#ifndef MODELS_TRAFFIC_CHANNEL_H
#define MODELS_TRAFFIC_CHANNEL_H

#include "models/traffic/traffic_internal.h"

/* It knows addresses, whatever has become of the name. */
bool channel_knows(const struct entry *e, uint32_t client);
/* What the client's library knows; the first request waits for it. */
void channel_answer(struct entry *e, uint32_t client,
                    struct dns_answer *answer);
/* A connection to the endpoint has ended. */
void channel_lost(struct entry *e, uint32_t client,
                  const struct endpoint *endpoint);
/* Without its events, which are cancelled or run no more. */
void channel_free(struct channel *ch);
void channel_cancel(struct entry *e, uint32_t client);

/* --- name.c --- */
void name_look_up(struct entry *e, uint32_t client, struct dns_answer *answer);

#endif
