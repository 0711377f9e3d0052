// grpc-go's own interoperability tests, as a server and a client.
//
//	grpc serve <address> <port> <port of TLS>
//	grpc call <address and port> <server name>
package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/big"
	"net"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/interop"
	testing "google.golang.org/grpc/interop/grpc_testing"
)

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return value
}

func main() {
	if os.Args[1] == "serve" {
		serve(os.Args[2], os.Args[3], os.Args[4])
	} else {
		call(os.Args[2], os.Args[3])
	}
}

func serve(address, port, tlsPort string) {
	plain := grpc.NewServer()
	secure := grpc.NewServer(grpc.Creds(credentials.NewTLS(&tls.Config{Certificates: []tls.Certificate{certificate()}})))
	testing.RegisterTestServiceServer(plain, interop.NewTestServer())
	testing.RegisterTestServiceServer(secure, interop.NewTestServer())
	listeners := []net.Listener{
		must(net.Listen("tcp", net.JoinHostPort(address, port))),
		must(net.Listen("tcp", net.JoinHostPort(address, tlsPort))),
	}
	fmt.Println("serves")
	go plain.Serve(listeners[0])
	secure.Serve(listeners[1])
}

func certificate() tls.Certificate {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(24 * time.Hour), DNSNames: []string{"grpc.test"}}
	return tls.Certificate{Certificate: [][]byte{must(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))}, PrivateKey: key}
}

// Every test ends the program when it fails.
func call(target, name string) {
	trust := credentials.NewTLS(&tls.Config{ServerName: name, InsecureSkipVerify: true})
	connection := must(grpc.NewClient(target, grpc.WithTransportCredentials(trust), grpc.WithAuthority(name)))
	defer connection.Close()
	client := testing.NewTestServiceClient(connection)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for _, each := range []struct {
		name string
		run  func(context.Context, testing.TestServiceClient, ...grpc.CallOption)
	}{
		{"empty_unary", interop.DoEmptyUnaryCall},
		{"large_unary", interop.DoLargeUnaryCall},
		{"client_streaming", interop.DoClientStreaming},
		{"server_streaming", interop.DoServerStreaming},
		{"ping_pong", interop.DoPingPong},
		{"empty_stream", interop.DoEmptyStream},
		{"timeout_on_sleeping_server", interop.DoTimeoutOnSleepingServer},
		{"cancel_after_begin", interop.DoCancelAfterBegin},
		{"cancel_after_first_response", interop.DoCancelAfterFirstResponse},
		{"custom_metadata", interop.DoCustomMetadata},
		{"status_code_and_message", interop.DoStatusCodeAndMessage},
		{"special_status_message", interop.DoSpecialStatusMessage},
	} {
		each.run(ctx, client)
		fmt.Println(each.name)
	}
	interop.DoUnimplementedService(ctx, testing.NewUnimplementedServiceClient(connection))
	fmt.Println("unimplemented_service")
}
