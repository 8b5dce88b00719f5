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

/* A token of Jira, Confluence or Bitbucket of one's own: base64 of a number, a colon and bytes. */
struct verdict payload_atlassian_data_center(struct bytes token);

/* A key of Amazon Bedrock: base64 of a name, which may tell the account, and a secret. */
struct verdict payload_bedrock(struct bytes key);

/* A Discord bot's token: its first part is the bot's id, which tells the day of its making. */
struct verdict payload_discord(struct bytes token);

/* A Docker Swarm join token: two numbers of 256 and of 128 bits in base 36; broken if larger. */
struct verdict payload_docker_swarm(struct bytes token);

/* A Fly.io token: base64 of a macaroon in MessagePack. */
struct verdict payload_fly(struct bytes token);

/* An Intercom token: base64 of tok: and more. */
struct verdict payload_intercom(struct bytes token);

/* A reference token of JFrog: base64 of reftkn:, two numbers and more. */
struct verdict payload_jfrog(struct bytes token);

/* A NuGet key: the bytes "v4" in base32, ten more and sixteen more. */
struct verdict payload_nuget(struct bytes key);

/* A PyPI token: a macaroon of pypi.org. */
struct verdict payload_pypi(struct bytes token);

/* A private key of Ethereum, 64 hexadecimal digits: broken if it is no number of its curve's. */
struct verdict payload_secp256k1(struct bytes key);

/* A SendGrid key: 16 and 32 bytes in base64 whose spare bits are 0. */
struct verdict payload_sendgrid(struct bytes key);

/* A Slack token that rotates: base64 of numbers, the team's among them. */
struct verdict payload_slack_rotating(struct bytes token);

/* A key of WireGuard: sound if it has the fixed bits that its private keys have. */
struct verdict payload_wireguard(struct bytes key);

/* A token of HashiCorp Vault: a signed protocol buffer, or a batch token's head. */
struct verdict payload_vault(struct bytes token);

/* Tokens of base64 of a JSON object behind a prefix. */
struct verdict payload_grafana_cloud(struct bytes token);
struct verdict payload_grafana_legacy(struct bytes token);
struct verdict payload_mapbox(struct bytes token);
struct verdict payload_onepassword(struct bytes token);
struct verdict payload_sentry(struct bytes token);

#endif
