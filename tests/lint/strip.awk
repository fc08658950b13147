# strip.awk - C without its comments; line numbers stay as they are.
# Strings are kept, or emptied with -v strings=no.

{
    line = $0
    out = ""
    quote = ""
    while (line != "") {
        two = substr(line, 1, 2)
        one = substr(line, 1, 1)
        width = 1
        if (inside) {
            if (two == "*/") {
                inside = 0
                width = 2
            }
        } else if (quote != "") {
            if (one == "\\")
                width = 2
            if (strings != "no" || one == quote)
                out = out substr(line, 1, width)
            if (one == quote)
                quote = ""
        } else if (two == "/*") {
            inside = 1
            width = 2
        } else if (two == "//") {
            break
        } else {
            if (one == "\"" || one == "'")
                quote = one
            out = out one
        }
        line = substr(line, width + 1)
    }
    print out
}
