/* Flags of kubectl's verbs, and names of what they make. */
#include <string.h>

#include "models/kubectl/words.h"
#include "sim/io/units.h"

static const struct kubectl_flag *find(const struct kubectl_words *words,
                                       const char *name)
{
    for (size_t i = 0; i < words->flag_count; i++) {
        if (strcmp(words->flags[i].name, name) == 0)
            return &words->flags[i];
    }
    return NULL;
}

const char *words_flag(const struct kubectl_words *words, const char *name)
{
    const struct kubectl_flag *flag = find(words, name);

    if (!flag)
        return NULL;
    return flag->value ? flag->value : "";
}

/* words_check_flags has said so. */
static bool is_bare(const struct kubectl_words *words, const char *name)
{
    const struct kubectl_flag *flag = find(words, name);

    return flag && flag->bare;
}

bool words_has(const struct kubectl_words *words, const char *name)
{
    const char *value = words_flag(words, name);

    return value && strcmp(value, "false") != 0;
}

static bool flag_known(const char *name, const char *const *known)
{
    if (strcmp(name, "n") == 0 || strcmp(name, "namespace") == 0)
        return true;
    for (size_t i = 0; known[i]; i++) {
        if (strcmp(known[i], name) == 0)
            return true;
    }
    return false;
}

bool words_check_flags(const struct kubectl_words *words,
                       const char *const *known, struct diag *diag)
{
    bool ok = true;

    for (size_t i = 0; i < words->flag_count; i++) {
        const struct kubectl_flag *flag = &words->flags[i];
        bool is_known = flag_known(flag->name, known);

        if (is_known && !flag->bare)
            continue;
        ok = false;
        if (is_known) {
            diag_error(diag, words->place, "flag '--%s' needs a value",
                       flag->name);
            continue;
        }
        diag_error(diag, words->place, "unknown flag '--%s' for 'kubectl %s'",
                   flag->name, words->items[0]);
        diag_suggest(diag, flag->name, known);
    }
    return ok;
}

bool words_int(const struct kubectl_words *words, const char *name,
               bool required, int64_t low, int64_t *out, struct diag *diag)
{
    const char *text = words_flag(words, name);
    int64_t value;

    if (!text) {
        if (required)
            diag_error(diag, words->place, "'kubectl %s' needs --%s",
                       words->items[0], name);
        return !required;
    }
    if (is_bare(words, name))
        return false;
    if (!units_int(text, &value) || value < low || value > INT32_MAX) {
        diag_error(diag, words->place,
                   "bad value '%s' for --%s: expected a whole number of at "
                   "least %lld",
                   text, name, (long long)low);
        return false;
    }
    *out = value;
    return true;
}

bool words_port(const struct kubectl_words *words, const char *name,
                bool required, int64_t *out, struct diag *diag)
{
    int64_t value = *out;

    if (!words_int(words, name, required, 1, &value, diag))
        return false;
    if (value > 65535) {
        diag_error(diag, words->place,
                   "bad value '%lld' for --%s: expected a port, 1 to 65535",
                   (long long)value, name);
        return false;
    }
    *out = value;
    return true;
}

bool words_new_name(const struct kubectl_words *words, const char *name,
                    struct diag *diag)
{
    if (loader_is_name(name))
        return true;
    diag_error(diag, words->place,
               "invalid name '%.253s': expected lower case letters, digits, "
               "'-' and '.'",
               name);
    return false;
}

bool words_duration(const struct kubectl_words *words, const char *name,
                    sim_time *out, struct diag *diag)
{
    const char *text = words_flag(words, name);
    sim_time value;

    if (!text)
        return true;
    if (is_bare(words, name))
        return false;
    if (!units_duration(text, &value) || value < 0) {
        diag_error(diag, words->place,
                   "bad value '%s' for --%s: expected a duration such as 90s",
                   text, name);
        return false;
    }
    *out = value;
    return true;
}
