# Initialises the cluster once and leaves the patch for the Secret that keeps the root token in /handover/patch.json.
# Idempotent: an initialised cluster whose token is already kept changes nothing.
# Environment: BAO_ADDR, BAO_CACERT, PATIENCE (seconds).
set -u
deadline=$(($(date +%s) + PATIENCE))
echo '{}' >/handover/patch.json

while :; do
  bao operator init -status >/tmp/status 2>&1
  case $? in
    0) # initialised
      if [ -s /token/token ]; then
        echo "already initialised, the root token is kept"
        exit 0
      fi
      echo "This cluster was initialised, but its root token is not in the Secret: by hand, or by a Job that died before it could store it."
      echo "Way out: put the token into the Secret under \"token\", or delete the cluster's volumes and run up again."
      exit 1
      ;;
    2) break ;; # reachable, not initialised
  esac
  [ "$(date +%s)" -lt "$deadline" ] || { echo "the server does not answer:"; tail -n 3 /tmp/status; exit 1; }
  sleep 1
done

umask 077
bao operator init -recovery-shares=0 -recovery-threshold=0 >/tmp/init || exit 1
token=$(sed -n 's/^Initial Root Token: *//p' /tmp/init)
[ -n "$token" ] || { echo "the server gave no root token"; exit 1; }
printf '{"stringData":{"token":"%s"}}' "$token" >/handover/patch.json
rm /tmp/init
echo "initialised"
