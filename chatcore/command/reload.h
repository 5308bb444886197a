#pragma once
// SIGHUP: reads the configuration again, from the same file, environment and flags, and puts in force what can be
// changed while serving. A configuration with any mistake is refused as a whole and the old one stays.

#include <functional>
#include <string>
#include <vector>

#include "base/worker.h"
#include "chatcore/config.h"

namespace chatcore::command {

// Reads everything anew, as at the start.
using ReadConfig = std::function<LoadedConfig()>;
// Puts a configuration in force, or nothing of it; returns what is wrong with it. Runs on a thread of its own.
using ApplyConfig = std::function<std::vector<std::string>(const Config&)>;

class Reload {
 public:
  Reload(LoadedConfig current, ReadConfig read, ApplyConfig apply);

  // Files are read, so it happens on a thread of its own; returns at once. From any thread.
  void begin();

 private:
  void run();
  void refuse(const std::vector<std::string>& errors);

  LoadedConfig current_;  // touched by the worker alone
  const ReadConfig read_;
  const ApplyConfig apply_;
  base::Worker worker_;  // last: its thread ends before the rest goes
};

}  // namespace chatcore::command
