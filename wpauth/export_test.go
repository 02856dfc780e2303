package wpauth

// CheckFastHash is checkFastHash, for the recorded vectors.
var CheckFastHash = checkFastHash
