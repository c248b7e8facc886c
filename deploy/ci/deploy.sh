#!/bin/sh
# Ask Timonel for a deployment, print its story, exit with its verdict. Needs a POSIX shell and curl.
#
#   TIMONEL_URL=https://timonel.example TIMONEL_TOKEN=tmn_... deploy.sh [options] APPLICATION ENVIRONMENT REF
#
# Options:
#   --follow                also wait while a person has to decide
#   --no-wait               only ask: print the run's address and exit with 0
#   --allow-failure CHECK   go on where this check fails, at a higher risk; repeat for more
#   --key KEY               the Idempotency-Key: the same key never begins a second run (made up unless given)
#   --timeout SECONDS       stop watching after this time; the run goes on (3600)
#
# Exit codes, as of `manage.py deploy`: 0 promoted and verified; 1 failed; 2 wrong usage; 3 stopped by a check; 4 rolled
# back; 5 waiting for a person; 6 refused; 7 live without having been verified.
set -u

TRIES=${TIMONEL_TRIES:-8}             # of one request
SLOWEST=${TIMONEL_SLOWEST_RETRY:-30}  # seconds between two tries
follow=no wait=yes checks='' key='' timeout=3600

say() { printf '%s\n' "$*" >&2; }

usage() {
    say "deploy.sh: $1"
    sed -n '4,11s/^# \{0,1\}//p' "$0" >&2
    exit 2
}

# A text as it stands inside the quotes of JSON.
escaped() { printf '%s' "$1" | tr -d '[:cntrl:]' | sed 's/\\/\\\\/g; s/"/\\"/g'; }

random() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }

# The value of a header of the last answer.
header() {
    tr -d '\r' <"$work/headers" |
        awk -v name="$1:" 'tolower($1) == tolower(name) { sub(/^[^:]*: */, ""); found = $0 } END { print found }'
}

# A field of the last problem.
problem() { sed -n "s/.*\"$1\":\"\(\([^\"\\\\]\|\\\\.\)*\)\".*/\1/p" "$work/body" | head -n 1; }

# One request: METHOD PATH TYPE [BODY]. The token goes through a pipe: nobody sees it in a list of processes.
once() {
    : >"$work/headers"
    : >"$work/body"
    method=$1 path=$2 accept=$3
    shift 3
    [ $# -eq 0 ] || set -- --header 'Content-Type: application/json' --header "Idempotency-Key: $key" --data "$1"
    printf 'header = "Authorization: Bearer %s"\n' "$TIMONEL_TOKEN" |
        curl --silent --show-error --config - --connect-timeout 10 --max-time 60 --request "$method" \
            --header "Accept: $accept" --dump-header "$work/headers" --output "$work/body" \
            --write-out '%{http_code}' "$@" "$TIMONEL_URL$path" 2>"$work/error"
}

# The same, again while the answer is lost, late, or asks for patience. Ends the script when it stays so.
ask() {
    try=1 pause=1
    while :; do
        status=$(once "$@") || status=000
        case $status in
        2?? | 3??) return 0 ;;
        000 | 429 | 5??) [ "$try" -lt "$TRIES" ] || give_up ;;
        409) [ "$(problem code)" = being_answered ] && [ "$try" -lt "$TRIES" ] || give_up ;;
        *) give_up ;;
        esac
        rest=$(header Retry-After)
        case $rest in '' | *[!0-9]*) rest=$pause ;; esac
        [ "$rest" -le 120 ] || rest=120
        say "Timonel answered $status; asking again in $rest s."
        sleep "$rest"
        try=$((try + 1)) pause=$((pause * 2))
        [ "$pause" -le "$SLOWEST" ] || pause=$SLOWEST
    done
}

# Say why, and exit as `manage.py deploy` would.
give_up() {
    if [ "$status" = 000 ]; then
        say "✗ Timonel cannot be reached: $(cat "$work/error")"
    else
        say "✗ $(problem title) ($status)"
        cure=$(problem cure)
        [ -z "$cure" ] || say "  Cure: $cure"
        say "  Reference: $(problem reference)"
    fi
    case $status in
    403) leave 6 ;;
    400 | 401 | 404 | 413 | 415 | 422) leave 2 ;;
    *) leave 1 ;;
    esac
}

leave() {
    [ -z "${GITHUB_OUTPUT:-}" ] || printf 'code=%s\n' "$1" >>"$GITHUB_OUTPUT"
    exit "$1"
}

# The lines come from builds and tests: in GitHub Actions none of them may pass for a command.
story() {
    if [ "${GITHUB_ACTIONS:-}" = true ] && [ -s "$work/body" ]; then
        stop=$(random)
        printf '::stop-commands::%s\n' "$stop"
        cat "$work/body"
        printf '::%s::\n' "$stop"
    else
        cat "$work/body"
    fi
}

while [ $# -gt 0 ]; do
    case $1 in
    --follow) follow=yes ;;
    --no-wait) wait=no ;;
    --allow-failure | --key | --timeout)
        [ $# -gt 1 ] || usage "$1 needs a value"
        case $1 in
        --allow-failure) checks="$checks${checks:+,}\"$(escaped "$2")\"" ;;
        --key) key=$2 ;;
        --timeout) timeout=$2 ;;
        esac
        shift
        ;;
    --) shift && break ;;
    -*) usage "there is no option $1" ;;
    *) break ;;
    esac
    shift
done
[ $# -eq 3 ] || usage 'an application, an environment and a ref are needed'
[ -n "${TIMONEL_URL:-}" ] || usage 'TIMONEL_URL is not set'
case ${TIMONEL_TOKEN:-} in '' | *[!A-Za-z0-9_-]*) usage 'TIMONEL_TOKEN is not set to a token' ;; esac
case $timeout in '' | *[!0-9]*) usage '--timeout needs a number of seconds' ;; esac
TIMONEL_URL=${TIMONEL_URL%/}
key=$(printf '%s' "${key:-$(random)}" | tr -d '[:cntrl:]"')

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'say "Not watching any more; the run goes on."; exit 130' INT TERM

body="{\"application\":\"$(escaped "$1")\",\"environment\":\"$(escaped "$2")\",\"ref\":\"$(escaped "$3")\""
[ -z "$checks" ] || body="$body,\"allow_failure\":[$checks]"
ask POST /api/v1/deployments application/json "$body}"
run=$(header Location)
case $run in /api/v1/runs/*) ;; *) say "✗ $TIMONEL_URL is no Timonel, or one of another version." && leave 1 ;; esac
say "Run ${run##*/}: $TIMONEL_URL/runs/${run##*/}/"
[ -z "${GITHUB_OUTPUT:-}" ] || printf 'run=%s\n' "${run##*/}" >>"$GITHUB_OUTPUT"
[ "$wait" = yes ] || leave 0

last=0 end=$(($(date +%s) + timeout))
while [ "$(date +%s)" -lt "$end" ]; do
    ask GET "$run/events?after=$last&wait=20" text/plain
    story
    last=$(header Timonel-Last) state=$(header Timonel-Status) code=$(header Timonel-Exit-Code)
    case $last in '' | *[!0-9]*) say '✗ The answer is none of Timonel.' && leave 1 ;; esac
    [ "$follow" = no ] || [ "$state" != waiting ] || code=''
    [ -z "$code" ] || leave "$code"
done
say "✗ The run has not ended after $timeout s. Not watching any more; it goes on."
leave 1
