package world

import "strconv"

// hours is the time between two moments in hours with two places, whole minutes being counted; empty where one of them is not known.
func hours(from, to instant) string {
	if from == 0 || to == 0 {
		return ""
	}
	return hundredths(int64(to-from) / int64(minute))
}

// hundredths is so many minutes in hours with two places, half a hundredth going up.
func hundredths(minutes int64) string {
	sign := ""
	if minutes < 0 {
		sign, minutes = "-", -minutes
	}
	h := (minutes*100 + 30) / 60
	if h == 0 {
		sign = ""
	}
	return sign + strconv.FormatInt(h/100, 10) + "." + strconv.FormatInt(100+h%100, 10)[1:]
}
