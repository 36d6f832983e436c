package royalmail

// callsFor is what so many numbers cost at most: a summary for each 30, and the events of every one.
func callsFor(numbers int) int { return numbers + (numbers+maxPieces-1)/maxPieces }

// numbersFor is how many numbers so many calls are enough for.
func numbersFor(calls int) int { return calls - (calls+maxPieces)/(maxPieces+1) }
