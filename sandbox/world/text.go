package world

import "strconv"

func itoa[T ~int | ~int64](n T) string { return strconv.FormatInt(int64(n), 10) }

// amount writes minor units with two places.
func amount(minor int64) string {
	sign := ""
	if minor < 0 {
		sign, minor = "-", -minor
	}
	cents := itoa(minor % 100)
	if len(cents) == 1 {
		cents = "0" + cents
	}
	return sign + itoa(minor/100) + "." + cents
}

func flag(b bool) string { return strconv.FormatBool(b) }
