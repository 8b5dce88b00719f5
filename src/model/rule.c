#include "model/rule.h"

const char *const checksum_names[] = {"crc32",
                                      "sha256",
                                      "azure-key",
                                      "azure-annotated-key",
                                      "azure-client-secret",
                                      "azure-devops",
                                      "base58",
                                      "base58-ripple",
                                      "bech32",
                                      "bip39",
                                      "jwk",
                                      "stellar",
                                      "supabase",
                                      NULL};

const char *const structure_names[] = {"jwt",
                                       "pem",
                                       "openpgp",
                                       "putty",
                                       "aws-key-id",
                                       "end-day",
                                       "atlassian-data-center",
                                       "bedrock",
                                       "discord",
                                       "docker-swarm",
                                       "fly",
                                       "grafana-cloud",
                                       "grafana-legacy",
                                       "intercom",
                                       "jfrog",
                                       "mapbox",
                                       "nuget",
                                       "onepassword",
                                       "pypi",
                                       "secp256k1",
                                       "sendgrid",
                                       "sentry",
                                       "slack-rotating",
                                       "vault",
                                       "wireguard",
                                       NULL};

const char *level_name(enum level level)
{
	static const char *const names[] = {"note", "warning", "error"};

	return names[level];
}

const char *confidence_name(enum confidence confidence)
{
	static const char *const names[] = {"low", "medium", "high"};

	return names[confidence];
}

const char *rule_type_name(enum rule_type type)
{
	static const char *const names[] = {"specific", "providerGeneric", "providerVariant",
	                                    "analyzerGeneric"};

	return names[type];
}

bool rule_is_generic(const struct rule *rule)
{
	return rule->type == RULE_ANALYZER_GENERIC;
}
