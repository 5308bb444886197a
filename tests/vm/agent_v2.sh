# Runs inside the VM, by busybox: see agent_v2_test.py. Prints "fact NAME VALUE".

page=http://127.0.0.1:10780
fact() { echo "fact $*"; }
metrics() { wget -q -O - "$page/metrics"; }
# The first value of the series that the pattern finds.
value() { metrics | grep "$1" | head -n 1 | sed 's/.* //'; }
# Tries a command up to 300 times, 0.1 s apart.
await() {
  for try in $(seq 300); do "$@" && return; sleep 0.1; done
  echo "waited in vain for: $*"; cat /tmp/agent.log; exit 1
}
is_ready() { wget -q -O /dev/null "$page/-/ready" 2> /dev/null; }
is_at_least_one() { case "$(value "$1")" in ""|0) return 1;; esac; }
# In a cgroup as a service or a container has it, not in the root.
start() {
  sh -c 'echo $$ > /sys/fs/cgroup/service/cgroup.procs; exec leakguard exec --name job --listen 127.0.0.1:10780 "$@"' \
    agent "$@" > /tmp/agent.log 2>&1 &
  agent=$!
  await is_ready
}

mkdir /sys/fs/cgroup/service
start --memory 64m --memory-high 56m --memory-reservation 16m --cpus 0.5 --pids 32 -- test_workload print hello 1
cgroup=$(cut -d: -f3 "/proc/$(pidof test_workload)/cgroup")
folder=/sys/fs/cgroup$cgroup
fact cgroup "$cgroup"
fact agent_cgroup "$(cut -d: -f3 "/proc/$agent/cgroup")"
for file in memory.max memory.high memory.low cpu.max pids.max; do fact $file "$(cat "$folder/$file")"; done

fact ticks_before "$(value ^leakguard_ticks_total)"
for file in memory.max memory.high cpu.max; do echo max > "$folder/$file"; done
is_capped() { for file in memory.max memory.high cpu.max; do grep -q max "$folder/$file" && return 1; done; return 0; }
await is_capped
fact ticks_after "$(value ^leakguard_ticks_total)"
for file in memory.max memory.high cpu.max; do fact raised.$file "$(cat "$folder/$file")"; done
sleep 2
fact drifting "$(metrics | grep '^leakguard_workload_cap_drift' | grep -c ' 1$')"
fact pressure_series "$(metrics | grep -c '^leakguard_workload_pressure_stalled_seconds_total')"
fact host_pressure_series "$(metrics | grep -c '^leakguard_host_pressure_stalled_seconds_total')"
kill -TERM "$agent"
wait "$agent"
fact exit_code $?
test -e "$folder" && fact cgroup_left yes || fact cgroup_left no

start --memory 32m -- test_workload grow 64m 200m
await is_at_least_one '^leakguard_workload_restarts_total.*oom_kill'
fact oom_restarts "$(value '^leakguard_workload_restarts_total.*oom_kill')"
fact oom_kills "$(value ^leakguard_workload_oom_kills_total)"
kill -TERM "$agent"
wait "$agent"
exit 0
