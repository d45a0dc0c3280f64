// A stand-in for OpenBao's plugin "openbao-plugin-kms-aws", for tests only.
//
// Upstream's plugin cannot be had from the registries that the tests use. This one joins what can: go-plugin, and the
// AWS wrapper that OpenBao's was forked from (AWS SDK, signatures and chain of credentials included). What is written
// here is the service between the two, in the wire format of openbao/go-kms-wrapping's plugin/pb/plugin.proto.
package main

import (
	"context"
	"fmt"
	"sync"

	wrapping "github.com/hashicorp/go-kms-wrapping/v2"
	"github.com/hashicorp/go-kms-wrapping/wrappers/awskms/v2"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-uuid"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"
)

// Numbers of fields in plugin.proto.
const (
	wrapperID = 1
	content   = 10 // the one field of a request or an answer that is not an option
	options   = 20
)

type wrappers struct {
	mutex sync.Mutex
	byID  map[string]wrapping.Wrapper
}

func (w *wrappers) get(id string) (wrapping.Wrapper, error) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if wrapper, ok := w.byID[id]; ok {
		return wrapper, nil
	}
	return nil, fmt.Errorf("no wrapper %q", id)
}

func (w *wrappers) setConfig(ctx context.Context, request fields) (fields, error) {
	given := &wrapping.Options{}
	if err := proto.Unmarshal(request[options], given); err != nil {
		return nil, err
	}
	wrapper := awskms.NewWrapper()
	configured, err := wrapper.SetConfig(ctx, wrapping.WithKeyId(given.WithKeyId), wrapping.WithConfigMap(given.WithConfigMap))
	if err != nil {
		return nil, err
	}
	id, err := uuid.GenerateUUID()
	if err != nil {
		return nil, err
	}
	w.mutex.Lock()
	w.byID[id] = wrapper
	w.mutex.Unlock()
	described, err := proto.Marshal(configured)
	return fields{wrapperID: []byte(id), content: described}, err
}

func (w *wrappers) finalize(_ context.Context, request fields) (fields, error) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	delete(w.byID, string(request[wrapperID]))
	return nil, nil
}

func (w *wrappers) describe(ask func(wrapping.Wrapper, context.Context) (string, error)) call {
	return func(ctx context.Context, request fields) (fields, error) {
		wrapper, err := w.get(string(request[wrapperID]))
		if err != nil {
			return nil, err
		}
		answer, err := ask(wrapper, ctx)
		return fields{content: []byte(answer)}, err
	}
}

func (w *wrappers) encrypt(ctx context.Context, request fields) (fields, error) {
	wrapper, err := w.get(string(request[wrapperID]))
	if err != nil {
		return nil, err
	}
	given := &wrapping.Options{}
	if err := proto.Unmarshal(request[options], given); err != nil {
		return nil, err
	}
	blob, err := wrapper.Encrypt(ctx, request[content], wrapping.WithAad(given.WithAad))
	if err != nil {
		return nil, err
	}
	encoded, err := proto.Marshal(blob)
	return fields{content: encoded}, err
}

func (w *wrappers) decrypt(ctx context.Context, request fields) (fields, error) {
	wrapper, err := w.get(string(request[wrapperID]))
	if err != nil {
		return nil, err
	}
	given, blob := &wrapping.Options{}, &wrapping.BlobInfo{}
	if err := proto.Unmarshal(request[options], given); err != nil {
		return nil, err
	}
	if err := proto.Unmarshal(request[content], blob); err != nil {
		return nil, err
	}
	plain, err := wrapper.Decrypt(ctx, blob, wrapping.WithAad(given.WithAad))
	return fields{content: plain}, err
}

// fields holds the length-delimited fields of a message by number; those of the service have no others.
type fields map[protowire.Number][]byte

type call func(context.Context, fields) (fields, error)

func parse(encoded []byte) (fields, error) {
	found := fields{}
	for len(encoded) > 0 {
		number, kind, length := protowire.ConsumeTag(encoded)
		if length < 0 || kind != protowire.BytesType {
			return nil, fmt.Errorf("field %d is not length-delimited", number)
		}
		value, rest := protowire.ConsumeBytes(encoded[length:])
		if rest < 0 {
			return nil, protowire.ParseError(rest)
		}
		found[number], encoded = value, encoded[length+rest:]
	}
	return found, nil
}

func (f fields) encode() []byte {
	var encoded []byte
	for number, value := range f {
		encoded = protowire.AppendTag(encoded, number, protowire.BytesType)
		encoded = protowire.AppendBytes(encoded, value)
	}
	return encoded
}

// method serves a call. An empty message keeps the fields that it does not know, so no other type is needed.
func method(name string, serve call) grpc.MethodDesc {
	handler := func(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
		message := &emptypb.Empty{}
		if err := decode(message); err != nil {
			return nil, err
		}
		request, err := parse(message.ProtoReflect().GetUnknown())
		if err != nil {
			return nil, err
		}
		answer, err := serve(ctx, request)
		if err != nil {
			return nil, err
		}
		encoded := &emptypb.Empty{}
		encoded.ProtoReflect().SetUnknown(answer.encode())
		return encoded, nil
	}
	return grpc.MethodDesc{MethodName: name, Handler: handler}
}

type wrapperPlugin struct {
	plugin.NetRPCUnsupportedPlugin
}

func (wrapperPlugin) GRPCServer(_ *plugin.GRPCBroker, server *grpc.Server) error {
	w := &wrappers{byID: map[string]wrapping.Wrapper{}}
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "pb.Wrapper",
		HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{
			method("SetConfig", w.setConfig),
			method("Init", func(context.Context, fields) (fields, error) { return nil, nil }),
			method("Type", w.describe(func(wrapper wrapping.Wrapper, ctx context.Context) (string, error) {
				kind, err := wrapper.Type(ctx)
				return string(kind), err
			})),
			method("KeyId", w.describe(wrapping.Wrapper.KeyId)),
			method("Encrypt", w.encrypt),
			method("Decrypt", w.decrypt),
			method("Finalize", w.finalize),
		},
	}, w)
	return nil
}

func (wrapperPlugin) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, fmt.Errorf("this is the plugin, not its user")
}

func main() {
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: plugin.HandshakeConfig{
			MagicCookieKey:   "OPENBAO_KMS_PLUGIN",
			MagicCookieValue: "39704a18-7da7-4bda-9a2d-f7c488d70328",
		},
		VersionedPlugins: map[int]plugin.PluginSet{1: {"wrapper": wrapperPlugin{}}},
		GRPCServer:       plugin.DefaultGRPCServer,
	})
}
