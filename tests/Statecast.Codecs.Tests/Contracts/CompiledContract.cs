using System.Buffers;
using System.Reflection;
using Statecast.Contracts;
using Statecast.Serialization;
using Statecast.Serialization.Avro;
using Statecast.Serialization.Json;

namespace Statecast.Codecs.Tests.Contracts;

/// <summary>A contract that was compiled at run time, used without its types.</summary>
internal abstract class CompiledContract
{
    public static CompiledContract Of(Assembly assembly, MadeContract made) =>
        (CompiledContract)Activator.CreateInstance(typeof(Typed<>).MakeGenericType(assembly.GetType(made.TypeName, throwOnError: true)!))!;

    public static CompiledContract Of<TState>()
        where TState : class, IStateContract<TState> => new Typed<TState>();

    public abstract StateContract Contract { get; }

    public abstract object FromJson(ReadOnlyMemory<byte> body);

    public abstract byte[] ToJson(object state);

    public abstract byte[] ToAvro(object state);

    public abstract object FromAvro(AvroStateCodec codec, Fingerprint schema, ReadOnlyMemory<byte> body);

    private sealed class Typed<TState> : CompiledContract
        where TState : class, IStateContract<TState>
    {
        private static readonly JsonStateCodec Json = new();
        private static readonly AvroStateCodec Avro = new();

        public override StateContract Contract => TState.Contract;

        public override object FromJson(ReadOnlyMemory<byte> body) => Json.Decode(TState.Contract, default, body);

        public override byte[] ToJson(object state) => Encoded(Json, state);

        public override byte[] ToAvro(object state) => Encoded(Avro, state);

        public override object FromAvro(AvroStateCodec codec, Fingerprint schema, ReadOnlyMemory<byte> body) =>
            codec.Decode(TState.Contract, schema, body);

        private static byte[] Encoded(IStateCodec codec, object state)
        {
            var buffer = new ArrayBufferWriter<byte>();
            codec.Encode(TState.Contract, (TState)state, buffer);
            return buffer.WrittenSpan.ToArray();
        }
    }
}
