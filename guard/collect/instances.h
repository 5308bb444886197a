#pragma once
// Which container is which workload. One configured selector may match several containers: each of them is a workload
// of its own ("api-1", "api-2"), with its own state, caps, rules and series. Pure: the engine's list in, names out.
//
// - A selector that matches one container is the workload under its configured name. When a second one joins, all are
//   named after it and their compose number ("api-1"), or their container's name where they have none ("api-blue"), and
//   stay so for this agent's life: a name that changes back and forth is no name.
// - A container keeps its name for as long as it exists, so another that wears the same labels is one more workload and
//   never a replacement. Compose gives each replica a number of its own; beside a numbered one, a container of the
//   service without a number, or with one that is taken, was not made by compose: it is only state.
// - A container that is created in the place of one that stopped (the same compose number) takes over its name, and
//   with it everything that is remembered under it.
// - A container that was made by `docker-compose run` is no part of its service.

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "guard/config/config.h"
#include "guard/sample/target.h"
#include "guard/source/engine_parser.h"

namespace guard {

// True for a target that names containers.
bool is_container(sample::TargetKind kind);

// One workload, and the container that it is now.
struct Instance {
  std::string name;
  std::size_t configured = 0;            // index of the configured workload
  std::optional<std::size_t> container;  // index in the list given to assign(); none: no container exists
  std::string container_id;              // the same; "" for none
  std::string renamed_from;              // the name that this container had before this assignment; "" for the same
  std::string only_watched;              // why nothing is enforced on it; "" when it is guarded
};

class Instances {
 public:
  explicit Instances(const std::vector<config::WorkloadConfig>& workloads);

  // In the configuration's order, then by number and name. Every configured workload is there at least once; those that
  // are no containers have none. At most config::kMostWorkloads; see left_out().
  std::vector<Instance> assign(const std::vector<source::Container>& containers);
  // Matching containers beyond the bound in the last assignment: they are not guarded.
  [[nodiscard]] std::size_t left_out() const { return left_out_; }

  // Takes over the names of workloads that are configured as before. For a reload.
  void inherit(const Instances& previous);

 private:
  struct Configured {
    std::string name;
    sample::Target target;
    bool is_numbered = false;                  // had several containers at once
    std::map<std::string, std::string> keys;   // container id → what follows the name: "1", "blue"
    std::map<std::string, std::string> names;  // container id → its workload's name after the last assignment
  };
  // The containers of one configured workload by key.
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
