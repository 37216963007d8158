using System.Security.Cryptography;
using System.Text;

namespace Statecast.Serialization.Avro.Schemas;

/// <summary>Fingerprints of a schema's canonical form (Avro 1.12, "Schema Fingerprints").</summary>
public static class AvroFingerprints
{
    private const ulong Empty = 0xC15D213AA4D7A795;

    private static readonly ulong[] Table = MakeTable();

    /// <summary>The 64-bit Rabin fingerprint, as single-object encoding carries it.</summary>
    public static ulong Rabin(AvroSchema schema)
    {
        var fingerprint = Empty;
        foreach (var b in Encoding.UTF8.GetBytes(schema.ToCanonicalForm()))
            fingerprint = (fingerprint >> 8) ^ Table[(int)(fingerprint ^ b) & 0xFF];
        return fingerprint;
    }

    /// <summary>The SHA-256 fingerprint, 32 bytes.</summary>
    public static byte[] Sha256(AvroSchema schema)
    {
        using var sha = SHA256.Create();
        return sha.ComputeHash(Encoding.UTF8.GetBytes(schema.ToCanonicalForm()));
    }

    private static ulong[] MakeTable()
    {
        var table = new ulong[256];
        for (var i = 0; i < table.Length; i++)
        {
            var value = (ulong)i;
            for (var bit = 0; bit < 8; bit++)
                value = (value >> 1) ^ (Empty & (0UL - (value & 1)));
            table[i] = value;
        }
        return table;
    }
}
