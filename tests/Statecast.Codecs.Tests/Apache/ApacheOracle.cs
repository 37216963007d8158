using Avro;
using Avro.Generic;
using Avro.IO;

namespace Statecast.Codecs.Tests.Apache;

/// <summary>Apache.Avro for .NET, by its generic classes. What it cannot do is told in a few words, so that it can be counted.</summary>
internal sealed class ApacheOracle(string json)
{
    private readonly Schema _schema = Schema.Parse(json);

    public string Canonical => SchemaNormalization.ToParsingForm(_schema);

    public ulong Rabin => (ulong)SchemaNormalization.ParsingFingerprint64(_schema);

    public string Sha256 => Convert.ToHexStringLower(SchemaNormalization.ParsingFingerprint("SHA-256", _schema));

    /// <summary>Reads a body and writes it again: the same bytes, or what went wrong.</summary>
    public string? Fault(byte[] body)
    {
        object value;
        try
        {
            var source = new MemoryStream(body);
            value = new GenericDatumReader<object>(_schema, _schema).Read(null!, new BinaryDecoder(source));
            if (source.Position != body.Length)
                return "read: bytes are left";
        }
        // Whatever it throws is what is told.
        catch (Exception defect)
        {
            return "read: " + Short(defect);
        }
        try
        {
            var target = new MemoryStream();
            new GenericDatumWriter<object>(_schema).Write(value, new BinaryEncoder(target));
            return target.ToArray().AsSpan().SequenceEqual(body) ? null : "write: other bytes";
        }
        catch (Exception defect)
        {
            return "write: " + Short(defect);
        }
    }

    /// <summary>What a body of another writer's schema resolves to, in this one's bytes; or the fault, where it cannot.</summary>
    public (byte[]? Body, string? Fault) Resolve(string writer, byte[] body)
    {
        try
        {
            var value = new GenericDatumReader<object>(Schema.Parse(writer), _schema).Read(
                null!,
                new BinaryDecoder(new MemoryStream(body))
            );
            var target = new MemoryStream();
            new GenericDatumWriter<object>(_schema).Write(value, new BinaryEncoder(target));
            return (target.ToArray(), null);
        }
        catch (Exception defect)
        {
            return (null, "resolve: " + Short(defect));
        }
    }

    private static string Short(Exception defect)
    {
        while (defect.InnerException is { } inner)
            defect = inner;
        // Of the message the words, not the schemas in it.
        var words = defect.Message.Split([' ', '\n']).TakeWhile(w => w.All(c => char.IsLetter(c) || c == '.')).Take(4);
        return $"{defect.GetType().Name}: {string.Join(' ', words).TrimEnd('.')}";
    }
}
