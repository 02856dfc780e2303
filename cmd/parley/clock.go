package main

import "time"

// clock says what time it is, for everything that is written down or grows old. Tests of
// steps of a machine's clock build with the tag steppedclock, which replaces it. How long
// something takes is measured with the monotonic clock, which never steps.
var clock = time.Now
