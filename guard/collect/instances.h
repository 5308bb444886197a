#pragma once
// Assigns containers to workloads. A selector can match several containers: each becomes a workload of its own
// ("api-1", "api-2"), with its own state, caps, rules and series. Pure: engine list in, names out.
//
// - A selector with one match is the workload under its configured name. When a second container matches, all are named
//   by their compose number ("api-1"), or by container name without one ("api-blue"), and keep these names for the life
//   of this agent, so that names do not alternate.
// - A container keeps its name while it exists: another one with the same labels becomes an additional workload, never
// a
//   replacement. Compose numbers its replicas; beside a numbered one, a container without a number, or with a number
//   that is in use, was not created by compose and is only observed.
// - A container that replaces a stopped one (same compose number) takes over its name and history.
// - A one-off container (`docker-compose run`) is not part of its service.

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "guard/config/config.h"
#include "guard/sample/target.h"
#include "guard/source/docker/parser.h"

namespace guard {

// Whether the target identifies containers.
bool is_container(sample::TargetKind kind);

// One workload and its current container.
struct Instance {
  std::string name;
  std::size_t configured = 0;            // index of the configured workload
  std::optional<std::size_t> container;  // index in the list passed to assign(); absent: no container
  std::string container_id;              // its ID; "" for none
  std::string renamed_from;              // previous name of this container; "" when unchanged
  std::string only_watched;              // why it is only observed; "" when it is guarded
};

class Instances {
 public:
  explicit Instances(const std::vector<config::WorkloadConfig>& workloads);

  // In the order of the configuration, then by number and name. Contains every configured workload at least once,
  // without a container where there is none. At most config::kMostWorkloads; see left_out().
  std::vector<Instance> assign(const std::vector<source::Container>& containers);
  // Number of matching containers beyond the bound in the last assignment; they are not guarded.
  [[nodiscard]] std::size_t left_out() const { return left_out_; }

  // For a reload: takes over the names of workloads whose configuration is unchanged.
  void inherit(const Instances& previous);

 private:
  struct Configured {
    std::string name;
    sample::Target target;
    bool is_numbered = false;                  // has had several containers at a time
    std::map<std::string, std::string> keys;   // container ID → suffix of the name: "1", "blue"
    std::map<std::string, std::string> names;  // container ID → workload name after the last assignment
  };
  // The containers of one configured workload, by suffix.
  using Slots = std::map<std::string, std::size_t>;
  using Candidates = std::vector<std::size_t>;

  static Slots fill(const Configured& configured, const std::vector<source::Container>& containers,
                    const Candidates& candidates);
  void append(Configured& configured, std::size_t index, const std::vector<source::Container>& containers,
              const Slots& slots, std::vector<Instance>& instances);

  std::vector<Configured> configured_;
  std::set<std::string> taken_;  // the configured names
  std::size_t left_out_ = 0;
};

}  // namespace guard
