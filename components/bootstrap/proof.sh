# Proves a cluster by using it: logs in, counts the voters, looks for the audit devices and for root tokens.
# Health alone proves nothing: a cluster whose bootstrap was cut short is healthy and locked for ever.
# Environment: NODES, VERSION, SEAL_TYPE, AUDIT_PATHS, LOGIN (userpass|token), LOGIN_PATH, LOGIN_USER, ROOT_TOKEN_ALLOWED,
# POD_ADDRESS (with NODE in the place of the pod's name), PATIENCE (seconds).
set -u
deadline=$(($(date +%s) + PATIENCE))

failed() { # point, what was seen, what to do
  echo "PROOF FAILED at \"$1\": $2 Way out: $3"
  exit 1
}

until_true() { # seconds at most, point, way out, command...
  point=$2; way_out=$3; limit=$(($(date +%s) + $1)); shift 3
  [ "$limit" -lt "$deadline" ] || limit=$deadline
  until seen=$("$@" 2>&1); do
    [ "$(date +%s)" -lt "$limit" ] || failed "$point" "$(echo "$seen" | tail -n 3)" "$way_out"
    sleep 1
  done
  echo "proof: $point: ${seen:-ok}"
}

log_in() {
  if [ "$LOGIN" = token ]; then
    BAO_TOKEN=$(cat /login/token) bao token lookup >/dev/null
  else
    bao write -field=token "auth/$LOGIN_PATH/login/$LOGIN_USER" password=@/login/password >/tmp/token
  fi
}

every_pod_runs_this_version() {
  for node in $NODES; do
    address=$(echo "$POD_ADDRESS" | sed "s/NODE/$node/")
    status=$(bao status -address="$address") || { echo "$node: sealed, not initialised or unreachable"; return 1; }
    echo "$status" | grep -Eq "^Version +$VERSION\$" || { echo "$node does not run version $VERSION yet"; return 1; }
    echo "$status" | grep -Eq "Seal Type +$SEAL_TYPE\$" || { echo "$node is not sealed by $SEAL_TYPE"; return 1; }
  done
  echo "version $VERSION, seal $SEAL_TYPE"
}

expected_voters() {
  peers=$(bao operator raft list-peers) || { echo "$peers"; return 1; }
  for node in $NODES; do
    echo "$peers" | grep -Eq "^$node +.* +(leader|follower) +true *\$" || { echo "$node is no voter yet"; return 1; }
  done
  count=$(echo "$peers" | grep -Ec ' (leader|follower) ')
  wanted=$(echo "$NODES" | wc -w)
  [ "$count" -eq "$wanted" ] || { echo "$count peers where $wanted are specified"; return 1; }
  echo "$count of $wanted"
}

audit_devices() {
  devices=$(bao audit list) || { echo "$devices"; return 1; }
  for path in $AUDIT_PATHS; do
    echo "$devices" | grep -q "^$path/ " || { echo "audit device $path is missing"; return 1; }
  done
  echo "$AUDIT_PATHS"
}

no_root_token() {
  [ "$ROOT_TOKEN_ALLOWED" = false ] || { echo "not looked for: this bootstrap keeps one"; return 0; }
  accessors=$(bao list auth/token/accessors) || { echo "$accessors"; return 1; }
  for accessor in $(echo "$accessors" | tail -n +3); do
    # A token may end between the two calls; only a living one counts.
    token=$(bao token lookup -accessor "$accessor" 2>/dev/null) || continue
    ! echo "$token" | grep -Eq '^policies +\[.*\broot\b' || { echo "a token with the policy root is alive"; return 1; }
  done
  echo "none alive"
}

until_true "$PATIENCE" "every pod runs this configuration" \
  "look at the pods' logs; after an interrupted first start wipe their volumes, see docs/operations.md." \
  every_pod_runs_this_version
# All pods are unsealed by now: whoever cannot log in within a minute was never let in.
until_true 60 "login" \
  "a self-initialisation that was cut short cannot be repeated: delete the volumes and run up again, see docs/operations.md." \
  log_in
BAO_TOKEN=$(cat /tmp/token 2>/dev/null || cat /login/token)
export BAO_TOKEN
until_true "$PATIENCE" "voters" "check that the pods reach each other on 8200 and 8201 and hold the same unseal key; remove peers that no longer exist with 'bao operator raft remove-peer'." expected_voters
until_true "$PATIENCE" "audit devices" "check that every pod can open the device, then run up again." audit_devices
until_true "$PATIENCE" "root tokens" "revoke it: 'bao token revoke -accessor <accessor>'." no_root_token
[ "$LOGIN" = token ] || bao token revoke -self >/dev/null 2>&1
echo "proof: complete"
