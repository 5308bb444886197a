#pragma once
// The table of what is kept of a snapshot. A value that a snapshot gains is kept and read back once it has its line
// here. The numbers stand in the database: never change one, nor give one that was ever used to another value. Only for
// fields.cc.

#include "guard/history/field.h"
#include "guard/history/summary.h"
#include "guard/sample/snapshot.h"

namespace guard::history {

using sample::Caps;
using sample::Cpu;
using sample::Host;
using sample::Identity;
using sample::Lifecycle;
using sample::LogWatch;
using sample::Memory;
using sample::ObservedCaps;
using sample::Pids;
using sample::Pressure;
using sample::PressureTotals;
using sample::Resources;
using sample::Workload;

inline constexpr auto kResources = &Workload::resources;
inline constexpr auto kMemory = &Resources::memory;
inline constexpr auto kCpu = &Resources::cpu;
inline constexpr auto kPressure = &Resources::pressure;
inline constexpr auto kLife = &Workload::lifecycle;
inline constexpr auto kKernel = &ObservedCaps::kernel;

inline constexpr Field<sample::Snapshot> kTickFields[] = {
    field<sample::Snapshot, &sample::Snapshot::at>(1),
    field<sample::Snapshot, &sample::Snapshot::wall>(2),
};

inline constexpr Field<Workload> kWorkloadFields[] = {
    field<Workload, &Workload::kind>(1),
    field<Workload, kLife, &Lifecycle::state>(2),
    field<Workload, kLife, &Lifecycle::started_at>(3),
    field<Workload, kLife, &Lifecycle::starts>(4),
    field<Workload, kLife, &Lifecycle::last_exit>(5),
    field<Workload, kLife, &Lifecycle::last_exit_code>(6),
    field<Workload, &Workload::identity, &Identity::pid>(7),
    field<Workload, kResources, kMemory, &Memory::usage>(10),
    field<Workload, kResources, kMemory, &Memory::anon>(11),
    field<Workload, kResources, kMemory, &Memory::file>(12),
    field<Workload, kResources, kMemory, &Memory::inactive_file>(13),
    field<Workload, kResources, kMemory, &Memory::shmem>(14),
    field<Workload, kResources, kMemory, &Memory::kernel>(15),
    field<Workload, kResources, kMemory, &Memory::limit>(16),
    field<Workload, kResources, kMemory, &Memory::high>(17),
    field<Workload, kResources, kMemory, &Memory::reservation>(18),
    field<Workload, kResources, kMemory, &Memory::peak>(19),
    field<Workload, kResources, kMemory, &Memory::oom_kills>(20),
    field<Workload, kResources, kCpu, &Cpu::used>(30),
    field<Workload, kResources, kCpu, &Cpu::limit>(31),
    field<Workload, kResources, kCpu, &Cpu::periods>(32),
    field<Workload, kResources, kCpu, &Cpu::throttled_periods>(33),
    field<Workload, kResources, kCpu, &Cpu::throttled>(34),
    field<Workload, kResources, &Resources::pids, &Pids::current>(40),
    field<Workload, kResources, &Resources::pids, &Pids::limit>(41),
    field<Workload, kResources, kPressure, &Pressure::memory, &PressureTotals::some>(50),
    field<Workload, kResources, kPressure, &Pressure::memory, &PressureTotals::full>(51),
    field<Workload, kResources, kPressure, &Pressure::cpu, &PressureTotals::some>(52),
    field<Workload, kResources, kPressure, &Pressure::cpu, &PressureTotals::full>(53),
    field<Workload, kResources, kPressure, &Pressure::io, &PressureTotals::some>(54),
    field<Workload, kResources, kPressure, &Pressure::io, &PressureTotals::full>(55),
    field<Workload, &Workload::caps, kKernel, &Caps::memory>(60),
    field<Workload, &Workload::caps, kKernel, &Caps::memory_reservation>(61),
    field<Workload, &Workload::caps, kKernel, &Caps::memory_high>(62),
    field<Workload, &Workload::caps, kKernel, &Caps::cpus>(63),
    field<Workload, &Workload::caps, kKernel, &Caps::pids>(64),
    field<Workload, &Workload::caps, &ObservedCaps::engine_memory_swap>(65),
    field<Workload, &Workload::caps, &ObservedCaps::has_memory_high>(66),
};
inline constexpr unsigned kPosition = 8;  // in the configuration's order
// The engine's caps are there as a whole or not; the field of its own says which.
inline constexpr unsigned kHasEngineCaps = 70;
inline constexpr Field<Caps> kEngineCapsFields[] = {
    field<Caps, &Caps::memory>(71),      field<Caps, &Caps::memory_reservation>(72),
    field<Caps, &Caps::memory_high>(73), field<Caps, &Caps::cpus>(74),
    field<Caps, &Caps::pids>(75),
};
inline constexpr TextField<Workload> kWorkloadTexts[] = {
    text_field<Workload, &Workload::identity, &Identity::key>(80),
    text_field<Workload, &Workload::identity, &Identity::container_id>(81),
    text_field<Workload, &Workload::identity, &Identity::image>(82),
    text_field<Workload, kLife, &Lifecycle::why>(83),
};

inline constexpr Field<Summary> kSummaryFields[] = {
    field<Summary, &Summary::samples>(1),
    field<Summary, &Summary::usage, &Spread::least>(2),
    field<Summary, &Summary::usage, &Spread::most>(3),
    field<Summary, &Summary::usage, &Spread::mean>(4),
    field<Summary, &Summary::working_set, &Spread::least>(5),
    field<Summary, &Summary::working_set, &Spread::most>(6),
    field<Summary, &Summary::working_set, &Spread::mean>(7),
    field<Summary, &Summary::unreclaimable, &Spread::least>(8),
    field<Summary, &Summary::unreclaimable, &Spread::most>(9),
    field<Summary, &Summary::unreclaimable, &Spread::mean>(10),
    field<Summary, &Summary::cpu_mean>(11),
    field<Summary, &Summary::cpu_most>(12),
};

inline constexpr Field<LogWatch> kLogFields[] = {
    field<LogWatch, &LogWatch::source_up>(1),       field<LogWatch, &LogWatch::watched_since>(2),
    field<LogWatch, &LogWatch::matches>(3),         field<LogWatch, &LogWatch::last_match>(4),
    field<LogWatch, &LogWatch::last_match_wall>(5), field<LogWatch, &LogWatch::is_behind>(7),
    field<LogWatch, &LogWatch::lag_bytes>(8),       field<LogWatch, &LogWatch::read_until>(9),
};
inline constexpr TextField<LogWatch> kLogTexts[] = {text_field<LogWatch, &LogWatch::why>(6)};

inline constexpr Field<Host> kHostFields[] = {
    field<Host, &Host::memory_total>(1),
    field<Host, &Host::memory_available>(2),
    field<Host, &Host::swap_total>(3),
    field<Host, &Host::swap_free>(4),
    field<Host, &Host::cores>(5),
    field<Host, &Host::pressure, &Pressure::memory, &PressureTotals::some>(10),
    field<Host, &Host::pressure, &Pressure::memory, &PressureTotals::full>(11),
    field<Host, &Host::pressure, &Pressure::cpu, &PressureTotals::some>(12),
    field<Host, &Host::pressure, &Pressure::cpu, &PressureTotals::full>(13),
    field<Host, &Host::pressure, &Pressure::io, &PressureTotals::some>(14),
    field<Host, &Host::pressure, &Pressure::io, &PressureTotals::full>(15),
};
// The kernel tells load averages to a hundredth.
struct LoadField {
  unsigned id;
  sample::Reading<double> Host::*load;
};
inline constexpr LoadField kLoadFields[] = {{20, &Host::load1}, {21, &Host::load5}, {22, &Host::load15}};
inline constexpr double kLoadSteps = 100;

inline constexpr Field<Host::Disk> kDiskFields[] = {field<Host::Disk, &Host::Disk::size>(1),
                                                    field<Host::Disk, &Host::Disk::available>(2)};
inline constexpr Field<sample::SourceReport> kSourceFields[] = {
    field<sample::SourceReport, &sample::SourceReport::up>(1),
    field<sample::SourceReport, &sample::SourceReport::errors>(2)};

inline constexpr Field<sample::Probe> kProbeFields[] = {
    field<sample::Probe, &sample::Probe::able>(1),          field<sample::Probe, &sample::Probe::last_answer>(2),
    field<sample::Probe, &sample::Probe::passes_in_row>(3), field<sample::Probe, &sample::Probe::failures_in_row>(4),
    field<sample::Probe, &sample::Probe::failures>(5),      field<sample::Probe, &sample::Probe::took>(6),
};
inline constexpr TextField<sample::Probe> kProbeTexts[] = {text_field<sample::Probe, &sample::Probe::why>(7)};

// A captured number is whole (1) or has a fraction (2, its bits); when it was written (3).
inline constexpr unsigned kWhole = 1;
inline constexpr unsigned kFraction = 2;
inline constexpr unsigned kWrittenAt = 3;
inline constexpr double kMostWhole = 9007199254740992.0;  // 2^53

}  // namespace guard::history
