#include "chatcore/admission.h"

namespace chatcore {

std::string_view name_of(Refusal refusal) {
  switch (refusal) {
    case Refusal::turns: return "turns";
    case Refusal::bytes: return "bytes";
    case Refusal::drain: return "drain";
  }
  return "turns";
}

Admission::Ticket::~Ticket() {
  door_->bytes_ -= bytes_.count;
  door_->turns_ -= 1;
}

void Admission::Ticket::grow(base::Bytes bytes) {
  bytes_ += bytes;
  door_->bytes_ += bytes.count;
}

Admission::Entry Admission::enter(base::Bytes bytes) {
  if (draining_) return tl::unexpected(Refusal::drain);
  // Counted first and given back on refusal, so that two threads cannot both take the last place.
  const std::size_t turns = ++turns_;
  const std::int64_t held = bytes_ += bytes.count;
  auto ticket = std::make_unique<Ticket>(this, bytes);
  if (limits_.max_turns != 0 && turns > limits_.max_turns) return tl::unexpected(Refusal::turns);
  if (limits_.max_bytes_in_flight.count != 0 && held > limits_.max_bytes_in_flight.count) {
    return tl::unexpected(Refusal::bytes);
  }
  return ticket;
}

}  // namespace chatcore
