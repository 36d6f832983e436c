package pipelines

// Brand is one of the group's brands and where it trades, ships and is paid. As a row of ops.brands.
type Brand struct {
	Brand               string `yaml:"brand" json:"brand"`
	Shop                string `yaml:"shop" json:"shop"` // the source that pulls its web shop
	OrderPrefix         string `yaml:"order_prefix" json:"order_prefix"`
	Currency            string `yaml:"currency" json:"currency"`
	Site                string `yaml:"site" json:"site"`
	WMSSource           string `yaml:"wms_source" json:"wms_source"` // the source that pulls its warehouse
	MerchantAccount     string `yaml:"merchant_account" json:"merchant_account"`
	PSP                 string `yaml:"psp" json:"psp"`
	Carrier             string `yaml:"carrier" json:"carrier"`
	PromiseStandardDays int    `yaml:"promise_standard_days" json:"promise_standard_days"` // working days from ship-by to deliver-by
	PromiseExpressDays  int    `yaml:"promise_express_days" json:"promise_express_days"`
}

// Site is a warehouse. As a row of ops.sites.
type Site struct {
	Site       string `yaml:"site" json:"site"`
	Name       string `yaml:"name" json:"name"`
	Source     string `yaml:"source" json:"source"`
	Zone       string `yaml:"zone" json:"zone"`
	Calendar   string `yaml:"calendar" json:"calendar"`
	CutOffTime string `yaml:"cut_off_time" json:"cut_off_time"` // local, HH:MM: paid before it ships the same working day
}
