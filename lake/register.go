package lake

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/gofrs/flock"

	"github.com/fourmarketing/waybill"
)

// errChanged says that an object is not, or not any more, what a swap took it for.
var errChanged = errors.New("the object was changed meanwhile")

// register holds small objects that several writers change: compared and swapped.
type register interface {
	// get returns an object and what tells this state of it from others; waybill.ErrNotFound when there is none.
	get(ctx context.Context, key string) (body []byte, state string, err error)
	// swap writes an object if it is in the state that get told; the empty state: if there is none. Otherwise errChanged.
	swap(ctx context.Context, key string, body []byte, state string) error
}

// get reads a file; its state is the hash of what it says.
func (f folder) get(_ context.Context, key string) ([]byte, string, error) {
	body, err := os.ReadFile(f.file(key))
	if err != nil {
		return nil, "", temporary(err)
	}
	sum := sha256.Sum256(body)
	return body, hex.EncodeToString(sum[:]), nil
}

// swap links a new file, which fails where there is one, and renames over an old one under a lock beside it, which the system gives back however a
// process ends.
func (f folder) swap(ctx context.Context, key string, body []byte, state string) error {
	dst := f.file(key)
	if err := os.MkdirAll(filepath.Dir(dst), privateFolder); err != nil {
		return temporary(err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(dst), ".tmp-*")
	if err != nil {
		return temporary(err)
	}
	_, err = tmp.Write(body)
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	switch {
	case err != nil:
	case state == "":
		if err = os.Link(tmp.Name(), dst); errors.Is(err, fs.ErrExist) {
			err = errChanged
		}
	default:
		err = f.rename(ctx, tmp.Name(), key, state)
	}
	return temporary(errors.Join(err, err2nil(os.Remove(tmp.Name()), fs.ErrNotExist)))
}

func (f folder) rename(ctx context.Context, tmp, key, state string) error {
	lock := flock.New(f.file(key)+".lock", flock.SetPermissions(privateFile))
	if err := lock.Lock(); err != nil {
		return err
	}
	_, now, err := f.get(ctx, key)
	if err == nil && now != state {
		err = errChanged
	}
	if err == nil {
		err = os.Rename(tmp, f.file(key))
	}
	return errors.Join(err, lock.Close())
}

// readAttempts is how often an object is read that others replace all the time.
const readAttempts = 8

// wrongSum is how the SDK says that bytes and checksum do not belong together; its error has no type of its own.
const wrongSum = "checksum did not match"

// get reads an object; its state is its entity tag. One that is replaced while it is read is read again: some stores give the bytes of one state with the
// checksum of the other then.
func (b bucket) get(ctx context.Context, key string) (body []byte, state string, err error) {
	for attempt := range readAttempts {
		if body, state, err = b.read(ctx, key); err == nil || !strings.Contains(err.Error(), wrongSum) {
			break
		}
		if err := pause(ctx, attempt); err != nil {
			return nil, "", err
		}
	}
	return body, state, err
}

func (b bucket) read(ctx context.Context, key string) ([]byte, string, error) {
	out, err := b.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: b.at(key)})
	if err != nil {
		return nil, "", temporary(err)
	}
	body, err := io.ReadAll(out.Body)
	return body, aws.ToString(out.ETag), temporary(errors.Join(err, out.Body.Close()))
}

// swap is a conditional PUT (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html). Where its answer was lost and the SDK asked
// again, the refusal is of our own bytes.
func (b bucket) swap(ctx context.Context, key string, body []byte, state string) error {
	in := &s3.PutObjectInput{Bucket: &b.name, Key: b.at(key), Body: bytes.NewReader(body), ContentLength: aws.Int64(int64(len(body)))}
	if state == "" {
		in.IfNoneMatch = aws.String("*")
	} else {
		in.IfMatch = aws.String(state)
	}
	_, err := b.s3.PutObject(ctx, in)
	var res *awshttp.ResponseError
	if !errors.As(err, &res) || (res.HTTPStatusCode() != http.StatusPreconditionFailed && res.HTTPStatusCode() != http.StatusConflict) {
		return temporary(err)
	}
	now, _, err := b.get(ctx, key)
	if err != nil && !errors.Is(err, waybill.ErrNotFound) {
		return fmt.Errorf("look at %s after a refused write: %w", key, err)
	}
	if err == nil && bytes.Equal(now, body) {
		return nil
	}
	return errChanged
}
