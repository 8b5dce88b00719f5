#include "detect/structure.h"

#include "detect/jwt.h"
#include "detect/openpgp.h"
#include "detect/payload.h"
#include "detect/private_key.h"
#include "detect/putty.h"

struct verdict structure_verify(enum structure structure, struct bytes secret, int64_t now)
{
	switch (structure) {
	case STRUCTURE_NONE:
		break;
	case STRUCTURE_JWT:
		return jwt_verify(secret, now);
	case STRUCTURE_PEM:
		return private_key_verify(secret);
	case STRUCTURE_OPENPGP:
		return openpgp_verify(secret);
	case STRUCTURE_PUTTY:
		return putty_verify(secret);
	case STRUCTURE_AWS_KEY_ID:
		return payload_aws_key_id(secret);
	case STRUCTURE_END_DAY:
		return payload_end_day(secret, now);
	case STRUCTURE_ATLASSIAN_DATA_CENTER:
		return payload_atlassian_data_center(secret);
	case STRUCTURE_BEDROCK:
		return payload_bedrock(secret);
	case STRUCTURE_DISCORD:
		return payload_discord(secret);
	case STRUCTURE_DOCKER_SWARM:
		return payload_docker_swarm(secret);
	case STRUCTURE_FLY:
		return payload_fly(secret);
	case STRUCTURE_GRAFANA_CLOUD:
		return payload_grafana_cloud(secret);
	case STRUCTURE_GRAFANA_LEGACY:
		return payload_grafana_legacy(secret);
	case STRUCTURE_INTERCOM:
		return payload_intercom(secret);
	case STRUCTURE_JFROG:
		return payload_jfrog(secret);
	case STRUCTURE_MAPBOX:
		return payload_mapbox(secret);
	case STRUCTURE_NUGET:
		return payload_nuget(secret);
	case STRUCTURE_ONEPASSWORD:
		return payload_onepassword(secret);
	case STRUCTURE_PYPI:
		return payload_pypi(secret);
	case STRUCTURE_SECP256K1:
		return payload_secp256k1(secret);
	case STRUCTURE_SENDGRID:
		return payload_sendgrid(secret);
	case STRUCTURE_SENTRY:
		return payload_sentry(secret);
	case STRUCTURE_SLACK_ROTATING:
		return payload_slack_rotating(secret);
	case STRUCTURE_VAULT:
		return payload_vault(secret);
	case STRUCTURE_WIREGUARD:
		return payload_wireguard(secret);
	}
	return (struct verdict){.soundness = STRUCTURE_SILENT};
}
