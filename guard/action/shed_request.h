#pragma once
// Asks a workload to shed what it can spare, by its own route: POST {"target_ratio": 0.7}. The mildest action there is:
// the workload decides what to let go.

#include <stop_token>

#include "base/result.h"
#include "guard/policy/action_spec.h"

namespace guard::action {

// Blocks up to 10 s: call from a Worker. Any 2xx is success. The bearer token is read from `shed.token_file` at each
// call, so that a rotated token needs no reload; it never appears in an error. Errors: invalid_argument (URL, target, a
// token file that is empty or no header value), not_found, permission_denied (401, 403, or the token file), exhausted
// (429), unavailable (5xx, no answer), deadline_exceeded, cancelled, conflict (another 4xx).
base::Status request_shed(const policy::Shed& shed, std::stop_token stop = {});

}  // namespace guard::action
