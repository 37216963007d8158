using System.Buffers;
using Statecast.Contracts;
using Statecast.Hosting;
using Statecast.Serialization.Avro;
using Statecast.Serialization.Avro.Registry;

namespace Statecast.Integration.Tests.Registry;

/// <summary>What a carrier would make.</summary>
internal static class RegistrySchemas
{
    public static RegisteredSchemas Open(string url, Action<SchemaRegistryOptions>? configure = null)
    {
        var options = new SchemaRegistryOptions { Urls = { url } };
        configure?.Invoke(options);
        return new(SchemaRegistryServices.Open(options, TimeProvider.System, SystemEntropy.Instance), options, TimeProvider.System);
    }

    public static byte[] Body<TState>(TState state)
        where TState : class, IStateContract<TState>
    {
        var body = new ArrayBufferWriter<byte>();
        new AvroStateCodec().Encode(TState.Contract, state, body);
        return body.WrittenSpan.ToArray();
    }
}
