// Package connectors is the table of the outside systems that Waybill can reach: a kind, as a pipeline's
// YAML names it, and how a connector of that kind is built from its own block of settings. It knows no
// pipeline, no secret store and no file of configuration; the caller decodes and resolves those.
package connectors

import (
	"fmt"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/adyen"
	"github.com/fourmarketing/waybill/connectors/dhl"
	"github.com/fourmarketing/waybill/connectors/folder"
	"github.com/fourmarketing/waybill/connectors/ftp"
	"github.com/fourmarketing/waybill/connectors/internal/bound"
	"github.com/fourmarketing/waybill/connectors/royalmail"
	"github.com/fourmarketing/waybill/connectors/s3"
	"github.com/fourmarketing/waybill/connectors/sftp"
	"github.com/fourmarketing/waybill/connectors/shopify"
	"github.com/fourmarketing/waybill/connectors/stripe"
	"github.com/fourmarketing/waybill/connectors/woocommerce"
)

// A Constructor builds one connector. decode fills the connector's own Config from its block of settings and
// must refuse unknown keys; clock is the present time, for systems that sign requests or ask for a span of days. The connector keeps within its
// bounds: those of its settings, and where they say nothing the given ones.
type Constructor func(decode func(into any) error, usual waybill.Bounds, clock func() time.Time) (waybill.Connector, error)

// Kinds returns the constructor of every kind of connector, under the name that pipelines use.
func Kinds() map[string]Constructor {
	return map[string]Constructor{
		"adyen":       with(adyen.New),
		"dhl":         with(dhl.New),
		"folder":      with(folder.New),
		"ftp":         with(ftp.New),
		"royal_mail":  with(royalmail.New),
		"s3":          with(s3.New),
		"sftp":        with(sftp.New),
		"shopify":     with(shopify.New),
		"stripe":      with(stripe.New),
		"woocommerce": with(woocommerce.New),
	}
}

// with makes a Constructor of a connector's New: C is its Config, which has Bounds in it, K its concrete type.
func with[C any, P interface {
	*C
	Bound() *waybill.Bounds
}, K waybill.Connector](build func(C, func() time.Time) (K, error)) Constructor {
	return func(decode func(into any) error, usual waybill.Bounds, clock func() time.Time) (waybill.Connector, error) {
		var config C
		if err := decode(&config); err != nil {
			return nil, fmt.Errorf("read settings: %w", err)
		}
		bounds := P(&config).Bound()
		if err := bounds.Validate(); err != nil {
			return nil, err
		}
		*bounds = bounds.Or(usual).Or(waybill.DefaultBounds())
		connector, err := build(config, clock)
		if err != nil {
			return nil, err
		}
		return bound.Within(connector, *bounds), nil
	}
}
