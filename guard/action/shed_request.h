#pragma once
// Asks a workload to release memory through its own endpoint: POST {"target_ratio": 0.7}. The mildest action: the
// workload decides what to drop.

#include <stop_token>

#include "base/result.h"
#include "guard/policy/action_spec.h"

namespace guard::action {

// Blocks up to 10 s: use a Worker. Any 2xx is success. The bearer token is read from `shed.token_file` for each call,
// so a rotated token needs no reload; it never appears in an error. Errors: invalid_argument (URL, target, or a token
// file that is empty or not valid in a header), not_found, permission_denied (401, 403, or the token file), exhausted
// (429), unavailable (5xx, no response), deadline_exceeded, cancelled, conflict (other 4xx).
base::Status request_shed(const policy::Shed& shed, std::stop_token stop = {});

}  // namespace guard::action
