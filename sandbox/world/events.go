package world

// Event is what can happen to a parcel, whatever a carrier calls it.
type Event string

// The events of a parcel's life.
const (
	LabelCreated     Event = "label_created"
	Accepted         Event = "accepted"
	AtHub            Event = "at_hub"
	LeftHub          Event = "left_hub"
	AtDepot          Event = "at_depot"
	Missorted        Event = "missorted"
	Delayed          Event = "delayed"
	AddressQuery     Event = "address_query"
	OutForDelivery   Event = "out_for_delivery"
	Attempted        Event = "attempted"
	Refused          Event = "refused"
	ReadyToCollect   Event = "ready_to_collect"
	Delivered        Event = "delivered"
	DeliveredNextTo  Event = "delivered_to_neighbour"
	DeliveredSafe    Event = "delivered_to_safe_place"
	Damaged          Event = "damaged"
	Destroyed        Event = "destroyed"
	InCustoms        Event = "in_customs"
	Weather          Event = "weather" // by a code that no list has; the words say it
	GoingBack        Event = "going_back"
	Returned         Event = "returned"
	Missing          Event = "missing"
	Unmapped         Event = "unmapped"          // a code that no list has
	UnmappedAfterAll Event = "unmapped_and_last" // another, after delivery
	// DeliveredUnheardOf is a delivery by a code that no list has; the carrier's coarser word says it.
	DeliveredUnheardOf Event = "delivered_unheard_of"
)

// meaning is an event's canonical status with its rank: physical from 20 on.
func (e Event) meaning() (status string, rank int) {
	switch e {
	case LabelCreated:
		return "label_created", 10
	case Accepted:
		return "accepted", 20
	case AtHub, LeftHub, AtDepot, Missorted:
		return "in_transit", 30
	case InCustoms:
		return "customs", 35
	case Delayed, Weather:
		return "exception_delay", 40
	case AddressQuery:
		return "exception_address", 40
	case OutForDelivery:
		return "out_for_delivery", 50
	case Attempted, Refused:
		return "attempted", 55
	case ReadyToCollect:
		return "available_for_pickup", 60
	case Delivered, DeliveredNextTo, DeliveredSafe, DeliveredUnheardOf:
		return "delivered", 70
	case Damaged:
		return "exception_damaged", 75
	case Destroyed:
		return "destroyed", 92
	case GoingBack:
		return "return_to_sender", 80
	case Returned:
		return "returned", 85
	case Missing:
		return "lost", 90
	case Unmapped, UnmappedAfterAll:
	}
	return "unknown", 0
}

func (c *Carrier) can(e Event) bool { return c.Codes[e] != "" }

// reason is why an event was not the ordinary one, where its code says so; a carrier's code may say more.
func (c *Carrier) reason(e Event) string {
	if r := c.Reasons[e]; r != "" {
		return r
	}
	return map[Event]string{
		Missorted: "carrier_sorting_error", Delayed: "carrier_not_enough_time", AddressQuery: "consignee_incorrect_address", Attempted: "consignee_not_home",
		Refused: "consignee_refused", Damaged: "carrier_damaged_parcel", InCustoms: "customs_delay", Weather: "weather", Missing: "carrier_parcel_lost",
	}[e]
}
