#!/bin/sh
# deps.sh - what podchurn needs to be built, tested and drawn.
#
# usage: deps.sh check|install
#   check    say what the build lacks, and how to install it; fail if anything
#   install  install what is missing (apt-get, dnf or brew), tools and test
#            libraries too; where that cannot be done, as check
# Looks by compiling and by name of program, never by name of package, so a
# library from anywhere will do. Reads CC, CPPFLAGS and LDFLAGS.
set -u

mode=${1:-install}
CC=${CC:-cc}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# links NAME HEADERS LIBS: can a program use it?
links() {
    {
        for header in $2; do
            echo "#include <$header>"
        done
        echo 'int main(void) { return 0; }'
    } >"$work/$1.c"
    # shellcheck disable=SC2086  # flags are lists of words
    $CC ${CPPFLAGS:-} ${LDFLAGS:-} -o "$work/$1" "$work/$1.c" $3 \
        >/dev/null 2>&1
}

libc='stdio.h pthread.h'
gsl='gsl/gsl_rng.h gsl/gsl_cdf.h'
libcsv='csv.h'
libyaml='yaml.h'
uthash='uthash.h'
cmocka='stdarg.h stddef.h setjmp.h stdint.h cmocka.h'

# With MPI=1, MPI's own compiler says what it needs.
mpicc=${MPICC:-mpicc}
have_mpi() {
    [ -z "${MPI:-}" ] || command -v "$mpicc" >/dev/null
}

# have_all: one compilation answers for every library, in the usual case.
have_all() {
    have_mpi || return
    if [ "$mode" = check ]; then
        links all "$libc $gsl $libcsv $libyaml $uthash" \
            '-lgsl -lgslcblas -lcsv -lyaml -lm'
    else
        command -v gnuplot >/dev/null &&
            links all "$libc $gsl $libcsv $libyaml $uthash $cmocka" \
                '-lgsl -lgslcblas -lcsv -lyaml -lcmocka -lm'
    fi
}

# find_missing: sets missing to the names of what cannot be used.
find_missing() {
    missing=
    have_all && return
    links libc "$libc" '' || missing="$missing compiler"
    if [ -n "$missing" ] && [ "$CC" != cc ] && command -v "$CC" >/dev/null
    then
        echo "deps: '$CC' does not compile a small program:" >&2
        # shellcheck disable=SC2086
        $CC ${CPPFLAGS:-} ${LDFLAGS:-} -o "$work/libc" "$work/libc.c" >&2
    fi
    links gsl "$gsl" '-lgsl -lgslcblas -lm' || missing="$missing gsl"
    links libcsv "stdio.h $libcsv" -lcsv || missing="$missing libcsv"
    links libyaml "$libyaml" -lyaml || missing="$missing libyaml"
    links uthash "$uthash" '' || missing="$missing uthash"
    have_mpi || missing="$missing openmpi"
    [ "$mode" = check ] && return
    links cmocka "$cmocka" -lcmocka || missing="$missing cmocka"
    command -v gnuplot >/dev/null || missing="$missing gnuplot"
}

# packages MANAGER: the packages that hold $missing. gnuplot's text needs a
# font, which Debian's package brings by way of fontconfig.
packages() {
    for name in $missing; do
        case $1:$name in
        apt-get:compiler) echo gcc libc6-dev ;;
        apt-get:gsl) echo libgsl-dev ;;
        apt-get:libcsv) echo libcsv-dev ;;
        apt-get:libyaml) echo libyaml-dev ;;
        apt-get:uthash) echo uthash-dev ;;
        apt-get:cmocka) echo libcmocka-dev ;;
        apt-get:gnuplot) echo gnuplot-nox fonts-dejavu-core ;;
        apt-get:openmpi) echo libopenmpi-dev openmpi-bin ;;
        dnf:compiler) echo gcc glibc-devel ;;
        dnf:cmocka) echo libcmocka-devel ;;
        dnf:gnuplot) echo gnuplot-minimal dejavu-sans-fonts ;;
        dnf:*) echo "$name-devel" ;;
        brew:compiler) echo gcc ;;
        brew:openmpi) echo open-mpi ;;
        brew:*) echo "$name" ;;
        esac
    done | tr '\n' ' '
}

# apt WORDS: apt-get, never asking. $root is sudo or nothing.
apt() {
    $root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
        -o DPkg::Lock::Timeout=300 "$@"
}

# Lists may be absent (a fresh container) or too old to fetch from: then the
# first try fails and the second follows an update.
apt_install() {
    lists=$(find /var/lib/apt/lists -name '*Packages*' 2>/dev/null | head -n 1)
    if [ -n "$lists" ] && apt install --no-install-recommends "$@"; then
        return 0
    fi
    apt update && apt install --no-install-recommends "$@"
}

find_missing
[ -z "$missing" ] && exit 0

manager=
for name in apt-get dnf brew; do
    if command -v $name >/dev/null; then
        manager=$name
        break
    fi
done
root=
if [ "$(id -u)" -ne 0 ] && [ "$manager" != brew ]; then
    root=sudo
fi

echo "deps: missing:$missing" >&2
if [ "$mode" = install ] && [ -n "$manager" ] &&
    { [ -z "$root" ] || command -v sudo >/dev/null; }; then
    wanted=$(packages $manager)
    echo "deps: installing $wanted" >&2
    # shellcheck disable=SC2086
    case $manager in
    apt-get) apt_install $wanted ;;
    dnf) $root dnf -q -y install $wanted ;;
    brew) brew install $wanted ;;
    esac >"$work/log" 2>&1 || tail -n 5 "$work/log" >&2
    find_missing
    [ -z "$missing" ] && exit 0
    echo "deps: still missing:$missing" >&2
fi

case $manager in
'')
    echo "deps: install these, with their headers, and try again:" >&2
    echo "   $missing" >&2
    ;;
brew) echo "deps: install with:  brew install $(packages brew)" >&2 ;;
*)
    if [ "$mode" = check ]; then
        echo "deps: install with:  make deps" >&2
        echo "deps: or by hand:    ${root:+sudo }$manager install" \
            "$(packages $manager)" >&2
    else
        echo "deps: install with, as root:  $manager install" \
            "$(packages $manager)" >&2
    fi
    ;;
esac
exit 1
