using System.Buffers;
using Statecast.Contracts;
using Statecast.Hosting;
using Statecast.Serialization.Avro;
using Statecast.Serialization.Avro.Registry;
using Statecast.Serialization.Avro.Registry.Http;

namespace Statecast.Tests.Serialization.Avro.Registry;

/// <summary>What the tests of registered schemas make.</summary>
internal static class Framed
{
    public static byte[] Value<TState>(int id, TState state)
        where TState : class, IStateContract<TState> => AvroFraming.Frame(id, Body(state));

    public static byte[] Body<TState>(TState state)
        where TState : class, IStateContract<TState>
    {
        var body = new ArrayBufferWriter<byte>();
        new AvroStateCodec().Encode(TState.Contract, state, body);
        return body.WrittenSpan.ToArray();
    }

    public static byte[] Header(Guid guid) => [1, .. guid.ToByteArray(bigEndian: true)];

    public static RegisteredSchemas Schemas(SchemaRegistryOptions options, CapturedLog? log = null) =>
        new(new HttpSchemaRegistry(options, TimeProvider.System, SystemEntropy.Instance), options, TimeProvider.System, log);
}
