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

// workingHours is how long people were at work at the site between two moments, by its clock in whole minutes.
func (st *site) workingHours(from, to instant) string {
	if from == 0 || to == 0 {
		return ""
	}
	if to < from {
		if back := st.workingHours(to, from); back != "0.00" {
			return "-" + back
		}
		return "0.00"
	}
	worked := 0
	for d := dateOf(from, st.zone); d <= dateOf(to, st.zone); d++ {
		shift := st.Opens[(int(d.utc().Weekday())+6)%7]
		if st.cal.off[d] {
			continue
		}
		begin, end := shift[0], shift[1]
		if d == dateOf(from, st.zone) {
			begin = max(begin, minuteOfDay(from, st.zone))
		}
		if d == dateOf(to, st.zone) {
			end = min(end, minuteOfDay(to, st.zone))
		}
		worked += max(0, end-begin)
	}
	return hundredths(int64(worked))
}
