#include "model/rule.h"

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
	static const char *const names[] = {"specific", "providerGeneric", "analyzerGeneric"};

	return names[type];
}

bool rule_is_generic(const struct rule *rule)
{
	return rule->type == RULE_ANALYZER_GENERIC;
}
