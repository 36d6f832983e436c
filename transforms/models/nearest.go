package models

import (
	"fmt"

	"github.com/agnivade/levenshtein"
)

// didYouMean is the end of an error about an unknown name: the nearest known one, if one is near.
func didYouMean(name string, known []string) string {
	best, bestDistance := "", len(name)/2+1
	for _, k := range known {
		if d := levenshtein.ComputeDistance(name, k); d < bestDistance {
			best, bestDistance = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %s?)", best)
}
