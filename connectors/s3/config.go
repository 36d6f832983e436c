package s3

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/internal/silence"
)

// resumePause is the wait before a cut download is taken up again; it doubles each time.
const resumePause = 200 * time.Millisecond

// Config is a connection's block of settings.
type Config struct {
	waybill.Bounds `yaml:",inline"`

	Bucket   string `yaml:"bucket"`   // required
	Prefix   string `yaml:"prefix"`   // "folder" that names are relative to; default the whole bucket
	Endpoint string `yaml:"endpoint"` // URL of the store; default AWS
	Region   string `yaml:"region"`   // default us-east-1
	// AccessKeyID and SecretAccessKey go together; without them the machine's own role or profile is used.
	AccessKeyID     waybill.Secret `yaml:"access_key_id"`
	SecretAccessKey waybill.Secret `yaml:"secret_access_key"`
	SessionToken    waybill.Secret `yaml:"session_token"`
	VirtualHost     bool           `yaml:"virtual_host"` // the bucket's name stands in the host's name at the endpoint too; default no

	Resumes int `yaml:"resumes"` // how often a cut download is taken up again; default 5, -1 for never

	// Dial replaces the network, for a way through a proxy.
	Dial func(ctx context.Context, network, address string) (net.Conn, error) `yaml:"-"`
}

// Validate says what is missing.
func (c Config) Validate() error {
	var missing []error
	if c.Bucket == "" {
		missing = append(missing, errors.New("s3: bucket is missing"))
	}
	if (c.AccessKeyID == "") != (c.SecretAccessKey == "") {
		missing = append(missing, errors.New("s3: access_key_id and secret_access_key go together: set both, or none for the machine's own role"))
	}
	if c.SessionToken != "" && c.AccessKeyID == "" {
		missing = append(missing, errors.New("s3: session_token needs access_key_id and secret_access_key"))
	}
	if at, err := url.Parse(c.Endpoint); c.Endpoint != "" && (err != nil || at.Host == "") {
		missing = append(missing, errors.New("s3: endpoint has to be a URL like https://s3.example.com"))
	}
	return errors.Join(missing...)
}

func (c Config) withDefaults() Config {
	c.Region = or(c.Region, "us-east-1")
	c.Resumes = or(c.Resumes, 5)
	c.Bounds = c.Or(waybill.DefaultBounds())
	if c.Prefix = strings.Trim(c.Prefix, "/"); c.Prefix != "" {
		c.Prefix += "/"
	}
	return c
}

// place is the bucket and prefix, for error texts.
func (c Config) place() string { return "s3://" + c.Bucket + "/" + c.Prefix }

// client builds the SDK's client. It dials when it is first used. With keys of its own it looks at nothing else
// of this machine.
func (c Config) client() (*s3.Client, error) {
	web := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.DialContext = silence.Bound(c.Dial, "the partner's store", c.Timeouts)
		t.IdleConnTimeout = c.Timeouts.Silence / 2 // before its silence, which nobody waits in
	})
	static := credentials.NewStaticCredentialsProvider(c.AccessKeyID.Reveal(), c.SecretAccessKey.Reveal(), c.SessionToken.Reveal())
	config := aws.Config{Region: c.Region, HTTPClient: answers{web}, Credentials: static}
	if c.AccessKeyID == "" {
		var err error
		config, err = awsconfig.LoadDefaultConfig(context.Background(), awsconfig.WithRegion(c.Region), awsconfig.WithHTTPClient(answers{web}))
		if err != nil {
			return nil, fmt.Errorf("s3: read the machine's AWS settings: %w", err)
		}
	}
	return s3.NewFromConfig(config, func(o *s3.Options) {
		if c.Endpoint != "" {
			o.BaseEndpoint = aws.String(c.Endpoint)
			o.UsePathStyle = !c.VirtualHost
		}
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenSupported
		o.DisableLogOutputChecksumValidationSkipped = true // a range has no checksum, which is no news
	}), nil
}

func or[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}
