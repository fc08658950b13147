/*
 * How long a preStop hook takes, where its text says so plainly.
 */
#include <ctype.h>
#include <string.h>

#include "models/manifest_internal.h"
#include "sim/io/units.h"

/* "10", "0.5", "10s", "2m": coreutils' sleep(1), one operand. */
static bool sleep_time(const char *text, size_t length, sim_time *out)
{
    char number[32];
    double value;
    sim_time unit = SIM_S;

    if (length == 0 || length >= sizeof number)
        return false;
    memcpy(number, text, length);
    number[length] = '\0';
    switch (number[length - 1]) {
    case 's':
        number[length - 1] = '\0';
        break;
    case 'm':
        unit = SIM_MIN;
        number[length - 1] = '\0';
        break;
    case 'h':
        unit = SIM_HOUR;
        number[length - 1] = '\0';
        break;
    default:
        break;
    }
    if (!units_double(number, &value) || value < 0 || value > 1e6)
        return false;
    *out = (sim_time)(value * (double)unit + 0.5);
    return true;
}

static bool is_sleep(const char *word, size_t length)
{
    static const char *const names[] = {"sleep", "/bin/sleep",
                                        "/usr/bin/sleep"};
    size_t i;

    for (i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strlen(names[i]) == length && memcmp(names[i], word, length) == 0)
            return true;
    return false;
}

/* The length of the word at *text, blanks before it skipped. */
static size_t next_word(const char **text)
{
    *text += strspn(*text, " \t");
    return strcspn(*text, " \t;&|\n");
}

/* A shell's text: the sleeps in it, one after the other; other commands
 * count as nothing. Loops, conditions and expansions cannot be read. */
static bool shell_time(const char *text, sim_time *out)
{
    static const char *const unclear[] = {"while", "until", "for",
                                          "if",    "case",  NULL};
    sim_time sum = 0;
    bool found = false;
    size_t length, i;

    if (strpbrk(text, "$`"))
        return false;
    while (*text) {
        length = next_word(&text);
        for (i = 0; unclear[i]; i++)
            if (strlen(unclear[i]) == length &&
                memcmp(unclear[i], text, length) == 0)
                return false;
        if (is_sleep(text, length)) {
            sim_time one;

            text += length;
            length = next_word(&text);
            if (!sleep_time(text, length, &one))
                return false;
            found = true;
            sum += one;
        }
        text += strcspn(text, ";&|\n");
        text += strspn(text, ";&|\n \t");
    }
    if (found)
        *out = sum;
    return found;
}

static bool is_shell(const char *word)
{
    const char *slash = strrchr(word, '/');

    word = slash ? slash + 1 : word;
    return strcmp(word, "sh") == 0 || strcmp(word, "bash") == 0 ||
           strcmp(word, "ash") == 0 || strcmp(word, "dash") == 0;
}

/* ["sleep","10"], ["/bin/sh","-c","sleep 10 && nginx -s quit"]. */
static bool command_time(size_t count, const char *const *words, sim_time *out)
{
    if (count == 2 && is_sleep(words[0], strlen(words[0])))
        return sleep_time(words[1], strlen(words[1]), out);
    if (count >= 3 && is_shell(words[0]) && words[1][0] == '-' &&
        strchr(words[1], 'c'))
        return shell_time(words[2], out);
    return false;
}

bool pre_stop_read(struct loader *l, struct doc_node *hook, sim_time *out)
{
    struct doc_node *sleep, *exec;
    const char *const *words;
    sim_time time = 0;
    size_t count;

    *out = PRE_STOP_UNREADABLE;
    if (!value_mapping(l, hook, "sleep", &sleep) ||
        !value_mapping(l, hook, "exec", &exec))
        return false;
    if (sleep) {
        if (!value_seconds(l, sleep, "seconds", 0, &time))
            return false;
        *out = time;
    } else if (exec) {
        if (!value_texts(l, exec, "command", &count, &words))
            return false;
        if (command_time(count, words, &time))
            *out = time;
    }
    return true;
}
