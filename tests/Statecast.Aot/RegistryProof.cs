using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Statecast.Contracts;
using Statecast.Hosting;
using Statecast.Serialization.Avro;
using Statecast.Serialization.Avro.Registry;
using static Statecast.Aot.Proof;

namespace Statecast.Aot;

/// <summary>Schemas of a registry, in files and over HTTP: registered, framed, looked up, read.</summary>
internal static class RegistryProof
{
    public static async Task RunAsync()
    {
        var directory = Directory.CreateTempSubdirectory("statecast-aot-").FullName;
        try
        {
            var contract = StateContract.Of<Crate>();
            await using var source = Open(new() { Directory = directory, AutoRegister = true });
            var id = await source.PrepareAsync(contract, default);
            var body = new ArrayBufferWriter<byte>();
            var crate = new Crate("north", 7, "lamps", 1.5m, ["fragile"]);
            new AvroStateCodec().Encode(contract, crate, body);
            var value = AvroFraming.Frame(id, body.WrittenSpan);

            await using var files = Open(new() { Directory = directory });
            Expect(crate.Content, (await ReadAsync(files, contract, value)).Content);

            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            var answering = AnswerAsync(listener, contract.AvroSchema);
            await using var http = Open(
                new()
                {
                    Urls = { $"http://{listener.LocalEndpoint}" },
                    User = "aot",
                    Password = "proof",
                }
            );
            Expect(crate.Content, (await ReadAsync(http, contract, value)).Content);
            Expect($"GET /schemas/ids/{id} HTTP/1.1 Basic {Convert.ToBase64String("aot:proof"u8)}", await answering);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static RegisteredSchemas Open(SchemaRegistryOptions options) =>
        new(SchemaRegistryServices.Open(options, TimeProvider.System, SystemEntropy.Instance), options, TimeProvider.System);

    private static async Task<Crate> ReadAsync(RegisteredSchemas schemas, StateContract<Crate> contract, byte[] value)
    {
        var framed = await schemas.ReadAsync(value, default, default);
        // Not told of the contract: the schema is resolved like any other writer's.
        return new AvroStateCodec(schemas).Decode(contract, framed.Schema, framed.Body);
    }

    private static async Task<string> AnswerAsync(TcpListener listener, string schema)
    {
        using var client = await listener.AcceptTcpClientAsync();
        var stream = client.GetStream();
        using var reader = new StreamReader(stream, leaveOpen: true);
        var asked = await reader.ReadLineAsync();
        while (await reader.ReadLineAsync() is { Length: > 0 } header)
            if (header.StartsWith("Authorization: ", StringComparison.Ordinal))
                asked += $" {header["Authorization: ".Length..]}";
        var body = $"{{\"schema\":\"{schema.Replace("\"", "\\\"", StringComparison.Ordinal)}\"}}";
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}")
        );
        return asked ?? "";
    }
}
