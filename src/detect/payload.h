/*
 * Tokens that say something of themselves: providers' payloads and numbers inside them. None of it
 * is documented as a promise, so what does not decode is passed over in silence.
 */
#ifndef TRAWL_DETECT_PAYLOAD_H
#define TRAWL_DETECT_PAYLOAD_H

#include "detect/verdict.h"

/* An AWS access key id: sound with the account that its letters carry. */
struct verdict payload_aws_key_id(struct bytes id);

/* A day, YYYY-MM-DD, on which something ends, perhaps with a time behind it. */
struct verdict payload_end_day(struct bytes day, int64_t now);

/* A Discord bot's token: its first part is the bot's id, which tells the day of its making. */
struct verdict payload_discord(struct bytes token);

/* A Docker Swarm join token: two numbers of 256 and of 128 bits in base 36; broken if larger. */
struct verdict payload_docker_swarm(struct bytes token);

/* A NuGet key: the bytes "v4" in base32, ten more and sixteen more. */
struct verdict payload_nuget(struct bytes key);

/* A PyPI token: a macaroon of pypi.org. */
struct verdict payload_pypi(struct bytes token);

/* A service token of HashiCorp Vault: a signed protocol buffer. */
struct verdict payload_vault(struct bytes token);

/* Tokens of base64 of a JSON object behind a prefix. */
struct verdict payload_grafana_cloud(struct bytes token);
struct verdict payload_onepassword(struct bytes token);
struct verdict payload_sentry(struct bytes token);

#endif
