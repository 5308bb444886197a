#include "guard/history/fields.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "guard/history/field_table.h"

namespace guard::history {
namespace {

template <class T, std::size_t n>
void put_all(const Field<T> (&fields)[n], const T& from, std::size_t tick, Section& section) {
  for (const auto& field : fields)
    if (const auto value = field.get(from)) section[field.id].put(tick, *value);
}

template <class T, std::size_t n>
void put_texts(const TextField<T> (&fields)[n], const T& from, std::size_t tick, Section& section, Block& block) {
  for (const auto& field : fields)
    if (const std::string& text = field.get(from); !text.empty()) section[field.id].put(tick, block.number_of(text));
}

std::optional<std::int64_t> value_of(const Section& section, unsigned id, std::size_t tick) {
  const auto column = section.find(id);
  return column == section.end() ? std::nullopt : column->second.at(tick);
}

template <class T, std::size_t n>
void take_all(const Field<T> (&fields)[n], const Section& section, std::size_t tick, T& to) {
  for (const auto& field : fields)
    if (const auto value = value_of(section, field.id, tick)) field.put(*value, to);
}

template <class T, std::size_t n>
void take_texts(const TextField<T> (&fields)[n], const Section& section, std::size_t tick, const Block& block, T& to) {
  for (const auto& field : fields)
    if (const auto value = value_of(section, field.id, tick)) field.ref(to) = block.text_of(*value);
}

void append_workload(const Workload& workload, std::size_t position, std::size_t tick, Block& block) {
  Section& section = block.sections()[{Part::workload, {workload.name}}];
  section[kPosition].put(tick, static_cast<std::int64_t>(position));
  put_all(kWorkloadFields, workload, tick, section);
  put_texts(kWorkloadTexts, workload, tick, section, block);
  if (!workload.caps.engine) return;
  section[kHasEngineCaps].put(tick, 1);
  put_all(kEngineCapsFields, *workload.caps.engine, tick, section);
}

void append_log(const LogWatch& log, std::size_t tick, Block& block) {
  Section& section = block.sections()[{Part::log, {log.workload, log.name}}];
  put_all(kLogFields, log, tick, section);
  put_texts(kLogTexts, log, tick, section, block);
  for (const auto& [name, value] : log.captures) {
    Section& capture = block.sections()[{Part::capture, {log.workload, log.name, name}}];
    if (std::fabs(value) < kMostWhole && std::trunc(value) == value)
      capture[kWhole].put(tick, static_cast<std::int64_t>(value));
    else
      capture[kFraction].put(tick, std::bit_cast<std::int64_t>(value));
    const auto at = log.captured_at.find(name);
    if (at != log.captured_at.end()) capture[kWrittenAt].put(tick, number(at->second));
  }
}

void append_probe(const sample::Probe& probe, std::size_t tick, Block& block) {
  Section& section = block.sections()[{Part::probe, {probe.workload, probe.name}}];
  put_all(kProbeFields, probe, tick, section);
  put_texts(kProbeTexts, probe, tick, section, block);
}

void append_host(const Host& host, std::size_t tick, Block& block) {
  Section& section = block.sections()[{Part::host, {}}];
  put_all(kHostFields, host, tick, section);
  for (const auto& [id, load] : kLoadFields)
    if (host.*load && std::fabs(*(host.*load)) < kMicro)
      section[id].put(tick, std::llround(*(host.*load) * kLoadSteps));
  for (const auto& disk : host.disks) put_all(kDiskFields, disk, tick, block.sections()[{Part::disk, {disk.mount}}]);
}

void extract_host(const Section& section, std::size_t tick, Host& host) {
  take_all(kHostFields, section, tick, host);
  for (const auto& [id, load] : kLoadFields)
    if (const auto value = value_of(section, id, tick)) host.*load = static_cast<double>(*value) / kLoadSteps;
}

void extract_disk(const SectionKey& key, const Section& section, std::size_t tick, Host& host) {
  Host::Disk& disk = host.disks.emplace_back();
  disk.mount = key.names[0];
  take_all(kDiskFields, section, tick, disk);
}

void extract_source(const SectionKey& key, const Section& section, std::size_t tick, sample::Snapshot& snapshot) {
  sample::SourceReport& source = snapshot.sources.emplace_back();
  source.source = key.names[0];
  take_all(kSourceFields, section, tick, source);
}

// A workload's section, to be put into the configuration's order.
struct Found {
  std::int64_t position = 0;
  const SectionKey* key = nullptr;
  const Section* section = nullptr;
};

// Whether the thing that the section is of was there at that tick: each has one field that is never absent, its first.
// A captured number has one of its first two.
bool was_there(const SectionKey& key, const Section& section, std::size_t tick) {
  if (section.empty()) return false;
  return section.begin()->second.at(tick) || (key.part == Part::capture && value_of(section, kFraction, tick));
}

void extract_workload(const Block& block, const SectionKey& key, const Section& section, std::size_t tick,
                      Moment& moment) {
  Workload& workload = moment.snapshot.workloads.emplace_back();
  workload.name = key.names[0];
  take_all(kWorkloadFields, section, tick, workload);
  take_texts(kWorkloadTexts, section, tick, block, workload);
  if (value_of(section, kHasEngineCaps, tick))
    take_all(kEngineCapsFields, section, tick, workload.caps.engine.emplace());
  if (moment.resolution == Resolution::raw) return;
  Summary& summary = moment.summaries.emplace_back();
  const auto found = block.sections().find({Part::summary, {workload.name}});
  if (found != block.sections().end()) take_all(kSummaryFields, found->second, tick, summary);
}

void extract_log(const Block& block, const SectionKey& key, const Section& section, std::size_t tick, Moment& moment) {
  LogWatch& log = moment.snapshot.logs.emplace_back();
  log.workload = key.names[0];
  log.name = key.names[1];
  take_all(kLogFields, section, tick, log);
  take_texts(kLogTexts, section, tick, block, log);
}

// Captures come after all logs.
void extract_capture(const SectionKey& key, const Section& section, std::size_t tick, sample::Snapshot& snapshot) {
  for (LogWatch& log : snapshot.logs) {
    if (log.workload != key.names[0] || log.name != key.names[1]) continue;
    if (const auto whole = value_of(section, kWhole, tick)) log.captures[key.names[2]] = static_cast<double>(*whole);
    if (const auto bits = value_of(section, kFraction, tick)) log.captures[key.names[2]] = std::bit_cast<double>(*bits);
    if (const auto at = value_of(section, kWrittenAt, tick)) set(*at, log.captured_at[key.names[2]]);
  }
}

void extract_probe(const Block& block, const SectionKey& key, const Section& section, std::size_t tick,
                   sample::Snapshot& snapshot) {
  sample::Probe& probe = snapshot.probes.emplace_back();
  probe.workload = key.names[0];
  probe.name = key.names[1];
  take_all(kProbeFields, section, tick, probe);
  take_texts(kProbeTexts, section, tick, block, probe);
}

}  // namespace

void append(const sample::Snapshot& snapshot, const std::vector<Summary>& summaries, Block& block) {
  const std::size_t tick = block.begin_tick();
  put_all(kTickFields, snapshot, tick, block.sections()[{Part::tick, {}}]);
  append_host(snapshot.host, tick, block);
  for (const auto& source : snapshot.sources)
    put_all(kSourceFields, source, tick, block.sections()[{Part::source, {source.source}}]);
  for (std::size_t i = 0; i < snapshot.workloads.size(); ++i) {
    append_workload(snapshot.workloads[i], i, tick, block);
    if (i >= summaries.size()) continue;
    put_all(kSummaryFields, summaries[i], tick, block.sections()[{Part::summary, {snapshot.workloads[i].name}}]);
  }
  for (const auto& log : snapshot.logs) append_log(log, tick, block);
  for (const auto& probe : snapshot.probes) append_probe(probe, tick, block);
}

void extract(const Block& block, std::size_t tick, const std::function<bool(const std::string&)>& wanted,
             Moment& moment) {
  moment.snapshot = {};
  moment.summaries.clear();
  std::vector<Found> workloads;
  for (const auto& [key, section] : block.sections()) {
    if (key.part == Part::tick) take_all(kTickFields, section, tick, moment.snapshot);
    if (key.part == Part::host) extract_host(section, tick, moment.snapshot.host);
    if (!was_there(key, section, tick)) continue;
    const bool of_wanted = wanted(key.names[0]);
    switch (key.part) {
      case Part::disk: extract_disk(key, section, tick, moment.snapshot.host); break;
      case Part::source: extract_source(key, section, tick, moment.snapshot); break;
      case Part::workload:
        if (of_wanted) workloads.push_back({value_of(section, kPosition, tick).value_or(0), &key, &section});
        break;
      case Part::log:
        if (of_wanted) extract_log(block, key, section, tick, moment);
        break;
      case Part::capture:
        if (of_wanted) extract_capture(key, section, tick, moment.snapshot);
        break;
      case Part::probe:
        if (of_wanted) extract_probe(block, key, section, tick, moment.snapshot);
        break;
      case Part::tick:
      case Part::host:
      case Part::summary: break;
    }
  }
  std::ranges::stable_sort(workloads, {}, &Found::position);
  for (const Found& found : workloads) extract_workload(block, *found.key, *found.section, tick, moment);
}

}  // namespace guard::history
